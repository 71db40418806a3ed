import type { AdapterVersionView } from '@parapet/contracts/portal/adapters';
import { adapters as text } from '#text/en/adapters.ts';

/** Which version a tab is about. Not there while there is but one. */
export function VersionPicker({
  versions,
  value,
  onChange,
}: {
  versions: readonly AdapterVersionView[];
  value: number;
  onChange: (version: number) => void;
}) {
  if (versions.length < 2) return null;
  return (
    <label className="mb-4 flex items-center gap-2 text-[0.8125rem]">
      {text.version}
      <select className="field h-8 px-2" value={value} onChange={(event) => onChange(Number(event.target.value))}>
        {versions.map(({ version }) => (
          <option key={version} value={version}>
            {version}
          </option>
        ))}
      </select>
    </label>
  );
}
