import { cva, type VariantProps } from 'class-variance-authority';
import type { ReactNode } from 'react';
import { cn } from '#lib/cn.ts';

const badgeStyle = cva('inline-flex h-5 items-center gap-1.5 whitespace-nowrap rounded-full px-2 font-medium text-xs', {
  variants: {
    tone: {
      neutral: 'bg-subtle text-muted',
      accent: 'bg-accent-soft text-accent-text',
      ok: 'bg-ok-soft text-ok-text',
      warn: 'bg-warn-soft text-warn-text',
      danger: 'bg-danger-soft text-danger-text',
    },
  },
  defaultVariants: { tone: 'neutral' },
});

export type Tone = NonNullable<VariantProps<typeof badgeStyle>['tone']>;

export function Badge({
  tone,
  dot,
  live,
  className,
  children,
}: {
  tone?: Tone;
  /** A dot before the text, for states. */
  dot?: boolean;
  /** The dot pulses: something goes on now. */
  live?: boolean;
  className?: string;
  children: ReactNode;
}) {
  return (
    <span className={cn(badgeStyle({ tone }), className)}>
      {dot || live ? (
        <span aria-hidden="true" className={cn('size-1.5 rounded-full bg-current', live && 'animate-pulse')} />
      ) : null}
      {children}
    </span>
  );
}
