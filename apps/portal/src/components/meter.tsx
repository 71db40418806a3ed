import type { ReactNode } from 'react';
import { cn } from '#lib/cn.ts';
import { common } from '#text/en/common.ts';

/** Use against its limit, the limit drawn: full is the limit, amber from 80%, red from 100%. No limit draws no bar. */
export function Meter({
  label,
  used,
  limit,
  format,
  compact,
}: {
  label: ReactNode;
  used: number;
  /** null = unlimited. */
  limit: number | null;
  format: (value: number) => string;
  compact?: boolean;
}) {
  const ratio = limit === null ? 0 : limit === 0 ? 1 : used / limit;
  const tone = ratio >= 1 ? 'bg-danger' : ratio >= 0.8 ? 'bg-warn' : 'bg-accent';
  return (
    <div className="min-w-0">
      <div className={cn('flex items-baseline justify-between gap-3', compact ? 'text-xs' : 'text-[0.8125rem]')}>
        <span className={cn('truncate', compact ? 'text-faint' : 'text-muted')}>{label}</span>
        <span className="whitespace-nowrap tabular-nums">
          <span className="font-medium">{format(used)}</span>
          <span className="text-faint"> / {limit === null ? common.unlimited : format(limit)}</span>
        </span>
      </div>
      <div aria-hidden="true" className="mt-1.5 h-1.5 overflow-hidden rounded-full bg-hover">
        {limit === null ? null : (
          <div
            className={cn('h-full rounded-full', tone)}
            style={{ width: `${Math.min(100, Math.max(ratio * 100, used > 0 ? 1.5 : 0))}%` }}
          />
        )}
      </div>
    </div>
  );
}

/** How far something has come; tells screen readers too. */
export function Progress({ label, value }: { label: string /** 0 to 1; null = unknown. */; value: number | null }) {
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={value === null ? undefined : Math.round(value * 100)}
      className="h-1.5 overflow-hidden rounded-full bg-hover"
    >
      <div
        className={cn(
          'h-full rounded-full bg-accent transition-[width] duration-300',
          value === null && 'animate-pulse',
        )}
        style={{ width: `${value === null ? 100 : value * 100}%` }}
      />
    </div>
  );
}
