'use client';

import { type ReactNode, useId } from 'react';
import { cn } from '#lib/cn.ts';

/** A few exclusive choices in one row. Radio buttons underneath: arrow keys move, the form knows them. */
export function Segmented<T extends string>({
  label,
  value,
  onChange,
  options,
  className,
}: {
  label: string;
  value: T;
  onChange: (value: T) => void;
  options: readonly { value: T; label: ReactNode }[];
  className?: string;
}) {
  const name = useId();
  return (
    <fieldset className={cn('inline-flex rounded-lg border border-line bg-subtle p-0.5', className)}>
      <legend className="sr-only">{label}</legend>
      {options.map((option) => (
        <label
          key={option.value}
          className="relative cursor-pointer rounded-md px-2.5 py-1 font-medium text-muted text-xs hover:text-ink has-checked:bg-surface has-checked:text-ink has-focus-visible:outline-2 has-focus-visible:outline-accent has-checked:shadow-card"
        >
          <input
            type="radio"
            // Over the whole label, so that the page scrolls to what is seen when it gets the focus.
            className="absolute inset-0 cursor-[inherit] appearance-none opacity-0"
            name={name}
            checked={value === option.value}
            onChange={() => onChange(option.value)}
          />
          {option.label}
        </label>
      ))}
    </fieldset>
  );
}

export function Switch({
  label,
  checked,
  onChange,
  disabled,
}: {
  label: ReactNode;
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
}) {
  return (
    <label className="inline-flex cursor-pointer items-center gap-2.5 text-[0.8125rem] has-disabled:cursor-not-allowed has-disabled:opacity-60">
      <input
        type="checkbox"
        role="switch"
        aria-checked={checked}
        checked={checked}
        disabled={disabled}
        onChange={(event) => onChange(event.target.checked)}
        className="relative h-5 w-9 shrink-0 cursor-[inherit] appearance-none rounded-full bg-line-strong transition-colors before:absolute before:top-0.5 before:left-0.5 before:size-4 before:rounded-full before:bg-white before:shadow-card before:transition-transform checked:bg-accent checked:before:translate-x-4 dark:before:bg-canvas"
      />
      <span>{label}</span>
    </label>
  );
}

/** The browser's own range: any keyboard, any screen reader, any thumb. */
export function Slider({
  label,
  value,
  onChange,
  min,
  max,
  step,
}: {
  label: string;
  value: number;
  onChange: (value: number) => void;
  min: number;
  max: number;
  step: number;
}) {
  return (
    <input
      type="range"
      aria-label={label}
      value={value}
      min={min}
      max={max}
      step={step}
      onChange={(event) => onChange(Number(event.target.value))}
      className="h-5 w-full min-w-0 cursor-pointer accent-(--accent)"
    />
  );
}
