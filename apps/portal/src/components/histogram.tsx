import type { Histogram as HistogramData } from '@parapet/contracts/portal/datasets';
import { formatInteger } from '#lib/format.ts';

/** Bars of how many fall where. Read out as one sentence and, bar by bar, as a list. */
export function Histogram({
  data,
  title,
  bar,
}: {
  data: HistogramData;
  title: string;
  /** The sentence of one bar. */
  bar: (from: string, to: string, count: string) => string;
}) {
  const most = Math.max(1, ...data.counts);
  return (
    <figure className="min-w-0">
      <figcaption className="mb-3 text-[0.8125rem] text-muted">{title}</figcaption>
      <div className="relative">
        <span aria-hidden="true" className="absolute inset-x-0 top-0 border-line border-t border-dashed" />
        {/* What full height means. */}
        <span aria-hidden="true" className="absolute -top-2 left-0 bg-surface pr-1.5 text-faint text-xs tabular-nums">
          {formatInteger(most)}
        </span>
        <ul className="relative flex h-36 items-end gap-px border-line border-b">
          {data.counts.map((count, index) => {
            const from = formatInteger(data.edges[index] ?? 0);
            const to = formatInteger(Math.max((data.edges[index + 1] ?? 1) - 1, data.edges[index] ?? 0));
            const text = bar(from, to, formatInteger(count));
            return (
              <li key={from} title={text} className="group flex h-full min-w-0 flex-1 items-end">
                <span className="sr-only">{text}</span>
                <span
                  aria-hidden="true"
                  className="block w-full rounded-t-[2px] bg-series-1/75 group-hover:bg-series-1"
                  style={{ height: `${count === 0 ? 0 : Math.max(2, (count / most) * 100)}%` }}
                />
              </li>
            );
          })}
        </ul>
      </div>
      <div aria-hidden="true" className="mt-1 flex justify-between text-faint text-xs tabular-nums">
        <span>{formatInteger(data.edges[0] ?? 0)}</span>
        <span>{formatInteger(data.edges.at(-1) ?? 0)}</span>
      </div>
    </figure>
  );
}
