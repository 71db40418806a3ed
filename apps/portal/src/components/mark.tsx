import { cn } from '#lib/cn.ts';

/** The mark: a parapet with three merlons and a gate. */
export function Mark({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true" className={cn('size-6 text-accent', className)}>
      <path
        fill="currentColor"
        d="M2.5 5a1 1 0 0 1 1-1h2.6a1 1 0 0 1 1 1v2.4h2.6V5a1 1 0 0 1 1-1h2.6a1 1 0 0 1 1 1v2.4h2.6V5a1 1 0 0 1 1-1h2.6a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1h-5v-4.2a3.5 3.5 0 0 0-7 0V20h-5a1 1 0 0 1-1-1Z"
      />
    </svg>
  );
}

export function Wordmark({ className }: { className?: string }) {
  return (
    <span className={cn('inline-flex items-center gap-2 font-semibold tracking-tight text-ink', className)}>
      <Mark />
      Parapet
    </span>
  );
}
