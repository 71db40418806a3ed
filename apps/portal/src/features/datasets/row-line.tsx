import type { PreviewRow } from '@parapet/contracts/portal/datasets';
import { cn } from '#lib/cn.ts';
import type { IndexedRow } from './row-index.ts';

/** In pixels; every line has it, which is what makes a window over them cheap. */
export const rowHeight = 36;

const lastOf = (row: PreviewRow, role: string) => row.messages.findLast((message) => message.role === role)?.content;

/** One row in the list: its line, the beginning of what is asked and of what is to be answered. */
export function RowLine({
  place,
  position,
  count,
  chosen,
  row,
  onChoose,
}: {
  /** Among the rows of the file. */
  place: number;
  /** Among the rows that are listed. */
  position: number;
  count: number;
  chosen: boolean;
  row: PreviewRow | IndexedRow | undefined;
  onChoose: () => void;
}) {
  const [prompt, answer] =
    row === undefined
      ? ['…', '']
      : 'messages' in row
        ? [lastOf(row, 'user') ?? '', lastOf(row, 'assistant') ?? '']
        : [row.prompt, row.answer];
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the listbox around it has the keys
    <div
      id={`row-${place}`}
      role="option"
      tabIndex={-1}
      aria-selected={chosen}
      aria-posinset={position + 1}
      aria-setsize={count}
      onClick={onChoose}
      className={cn(
        'absolute inset-x-0 flex cursor-default items-center gap-3 border-line border-b px-4 text-[0.8125rem]',
        chosen ? 'bg-accent-soft' : 'hover:bg-subtle',
      )}
      style={{ height: rowHeight, transform: `translateY(${position * rowHeight}px)` }}
    >
      <span className="w-10 shrink-0 text-right font-mono text-faint text-xs tabular-nums">{place + 1}</span>
      <span className="min-w-0 flex-[3] truncate">{prompt.slice(0, 200)}</span>
      <span className="min-w-0 flex-[2] truncate text-accent-text">{answer.slice(0, 120)}</span>
    </div>
  );
}
