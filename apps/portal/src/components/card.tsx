import type { ComponentProps, ReactNode } from 'react';
import { cn } from '#lib/cn.ts';

export function Card({ className, ...props }: ComponentProps<'section'>) {
  return (
    <section className={cn('min-w-0 rounded-xl border border-line bg-surface shadow-card', className)} {...props} />
  );
}

export function CardHeader({
  title,
  description,
  actions,
  level = 2,
}: {
  title: ReactNode;
  description?: ReactNode;
  actions?: ReactNode;
  level?: 2 | 3;
}) {
  const Heading = `h${level}` as const;
  return (
    <header
      className={cn(
        'flex flex-wrap justify-between gap-x-4 gap-y-2 px-4 pt-4 pb-3 sm:px-5',
        description ? 'items-start' : 'items-center',
      )}
    >
      <div className="min-w-0">
        <Heading className="font-semibold text-sm">{title}</Heading>
        {description ? <p className="mt-0.5 text-[0.8125rem] text-faint">{description}</p> : null}
      </div>
      {actions ? <div className="flex flex-wrap items-center gap-2">{actions}</div> : null}
    </header>
  );
}

export function CardBody({ className, ...props }: ComponentProps<'div'>) {
  return <div className={cn('px-4 pb-4 sm:px-5 sm:pb-5', className)} {...props} />;
}

/** A number with its name; the name first, as a screen reader should say it. */
export function Stat({ label, value, note }: { label: ReactNode; value: ReactNode; note?: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="truncate text-faint text-xs">{label}</dt>
      <dd className="mt-1 truncate font-semibold text-lg tabular-nums leading-tight tracking-tight">{value}</dd>
      {note ? <dd className="mt-0.5 truncate text-faint text-xs">{note}</dd> : null}
    </div>
  );
}

/** Names and values in two columns, for what a thing is. */
export function Facts({ rows, className }: { rows: readonly (readonly [ReactNode, ReactNode])[]; className?: string }) {
  return (
    <dl className={cn('divide-y divide-line text-[0.8125rem]', className)}>
      {rows.map(([name, value], index) => (
        <div key={index} className="flex flex-wrap items-baseline justify-between gap-x-4 py-2">
          <dt className="text-faint">{name}</dt>
          <dd className="min-w-0 text-right tabular-nums [overflow-wrap:anywhere]">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
