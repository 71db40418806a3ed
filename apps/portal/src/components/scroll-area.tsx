import type { ComponentProps } from 'react';

/** Content that scrolls in itself; reachable and scrollable with the keyboard, named for screen readers. */
export function ScrollArea({ label, ...props }: ComponentProps<'section'> & { label: string }) {
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard
  return <section tabIndex={0} aria-label={label} {...props} />;
}
