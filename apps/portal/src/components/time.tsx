import { formatDateTime, formatRelative } from '#lib/format.ts';

/** A moment as "3 minutes ago", the exact time in the title. */
export function Time({ at, className }: { at: Date | number | string; className?: string }) {
  const exact = formatDateTime(at);
  return (
    // The server's "now" and the browser's differ by the time the page took.
    <time dateTime={new Date(at).toISOString()} title={exact} suppressHydrationWarning className={className}>
      {formatRelative(at)}
    </time>
  );
}
