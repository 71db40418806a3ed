import type { ComponentProps } from 'react';
import { cn } from '#lib/cn.ts';

/** Content that scrolls in itself; reachable and scrollable with the keyboard, named for screen readers. */
export function ScrollArea({ label, className, ...props }: ComponentProps<'section'> & { label: string }) {
  // Positioned, so that hidden text for screen readers inside is cut off with the rest.
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard
  return <section tabIndex={0} aria-label={label} className={cn('relative', className)} {...props} />;
}
