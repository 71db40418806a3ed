import type { CallableModel } from '@parapet/contracts/portal/playground';
import { playground as text } from '#text/en/playground.ts';

const kinds = ['base', 'alias', 'adapter', 'checkpoint'] as const;

export function ModelSelect({
  model,
  models,
  taken,
  onModel,
}: {
  model: string;
  models: readonly CallableModel[];
  /** Shown in another column already. */
  taken: readonly string[];
  onModel: (model: string) => void;
}) {
  return (
    <select
      aria-label={text.model}
      value={model}
      onChange={(event) => onModel(event.target.value)}
      className="h-8 min-w-0 flex-1 truncate rounded-md bg-transparent px-2 font-medium text-[0.8125rem] hover:bg-hover [&_*]:bg-surface"
    >
      {kinds.map((kind) => {
        const offered = models.filter((other) => other.kind === kind);
        return offered.length === 0 ? null : (
          <optgroup key={kind} label={text.kinds[kind]}>
            {offered.map((other) => (
              <option
                key={other.model}
                value={other.model}
                disabled={other.model !== model && taken.includes(other.model)}
              >
                {other.available ? other.label : `${other.label} (${text.unavailable})`}
              </option>
            ))}
          </optgroup>
        );
      })}
    </select>
  );
}
