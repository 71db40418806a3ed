'use client';

import { cn } from '#lib/cn.ts';
import { formatDate, formatDateTime } from '#lib/format.ts';
import type { ChartRow } from './series.ts';

export const swatches = ['bg-series-1', 'bg-series-2', 'bg-series-3', 'bg-series-4', 'bg-series-base', 'bg-faint'];

/**
 * Stacked bars over time, as elements: they take the theme's colours, need no library, and each says its numbers when
 * it is pointed at or read out.
 */
export function UsageChart({
  label,
  data,
  labels,
  format,
  hourly,
}: {
  label: string;
  data: readonly ChartRow[];
  labels: readonly string[];
  format: (value: number) => string;
  hourly: boolean;
}) {
  const total = (row: ChartRow) => labels.reduce((sum, _, index) => sum + (row[`s${index}`] ?? 0), 0);
  const largest = Math.max(...data.map(total));
  const most = niceCeiling(largest);
  const every = Math.ceil(data.length / 8);
  const short = (at: number) =>
    hourly
      ? new Date(at).toISOString().slice(11, 16)
      : new Intl.DateTimeFormat('en', { month: 'short', day: 'numeric', timeZone: 'UTC' }).format(at);
  return (
    <figure
      aria-label={label}
      className="grid h-64 grid-cols-[auto_minmax(0,1fr)] grid-rows-[minmax(0,1fr)_auto] gap-x-2"
    >
      <div aria-hidden="true" className="flex flex-col justify-between text-right text-faint text-xs tabular-nums">
        {[1, 0.5, 0].map((share) => (
          <span key={share} className="-translate-y-1/2 last:translate-y-1/2">
            {largest > 0 || share === 0 ? format(most * share) : null}
          </span>
        ))}
      </div>
      <div className="relative">
        {[0, 50, 100].map((top) => (
          <div
            key={top}
            aria-hidden="true"
            className="absolute inset-x-0 border-line border-t"
            style={{ top: `${top}%` }}
          />
        ))}
        <ul className="absolute inset-0 flex items-end gap-px sm:gap-0.5">
          {data.map((row) => {
            const when = hourly ? formatDateTime(row.at) : formatDate(row.at);
            const parts = labels.map((name, index) => ({ name, value: row[`s${index}`] ?? 0 }));
            const text = `${when}: ${
              labels.length > 1
                ? parts
                    .filter(({ value }) => value > 0)
                    .map(({ name, value }) => `${name} ${format(value)}`)
                    .join(', ') || format(0)
                : format(total(row))
            }`;
            return (
              <li
                key={row.at}
                title={text}
                className="group flex h-full min-w-0 flex-1 flex-col-reverse items-center rounded-sm hover:bg-hover"
              >
                <span className="sr-only">{text}</span>
                {parts.map(({ name, value }, index) =>
                  value === 0 ? null : (
                    <span
                      key={name}
                      aria-hidden="true"
                      className={`block w-full max-w-8 last:rounded-t-[2px] ${swatches[index] ?? 'bg-faint'}`}
                      style={{ height: `max(2px, ${(value / most) * 100}%)` }}
                    />
                  ),
                )}
              </li>
            );
          })}
        </ul>
      </div>
      <div aria-hidden="true" className="col-start-2 mt-1.5 flex text-faint text-xs tabular-nums">
        {data.map((row, index) => (
          <span key={row.at} className="min-w-0 flex-1 whitespace-nowrap text-center">
            {index % every === Math.floor(every / 2) ? (
              // Half of them where there is room for no more.
              <span className={cn('-mx-8', Math.floor(index / every) % 2 === 1 && 'max-sm:hidden')}>
                {short(row.at)}
              </span>
            ) : null}
          </span>
        ))}
      </div>
    </figure>
  );
}

/** The next 1, 2 or 5 times a power of ten: an axis people can read. */
export function niceCeiling(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5].find((step) => step * power >= value) ?? 10) * power;
}
