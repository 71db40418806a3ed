'use client';

import { Slider, Switch } from '#components/choice.tsx';
import { Field, Input } from '#components/field.tsx';
import { formatDecimal } from '#lib/format.ts';
import { playground as text } from '#text/en/playground.ts';

export type ParameterState = {
  temperature: number;
  maxTokens: number;
  topP: number;
  seed: number | null;
  logprobs: boolean;
};

/** How the tokens are drawn, the same for every column. */
export function Parameters({ value, onChange }: { value: ParameterState; onChange: (next: ParameterState) => void }) {
  const set = (change: Partial<ParameterState>) => onChange({ ...value, ...change });
  return (
    <fieldset className="grid items-start gap-x-6 gap-y-3 sm:grid-cols-[minmax(0,1.4fr)_minmax(0,1.4fr)_repeat(2,minmax(0,1fr))]">
      <legend className="sr-only">{text.parameters}</legend>
      <Range
        label={text.temperature}
        value={value.temperature}
        max={2}
        onChange={(temperature) => set({ temperature })}
      />
      <Range label={text.topP} value={value.topP} min={0.05} max={1} onChange={(topP) => set({ topP })} />
      <Field label={text.maxTokens}>
        <Input
          type="number"
          min={1}
          max={4096}
          value={value.maxTokens}
          onChange={(event) => set({ maxTokens: Math.max(1, Number(event.target.value) || 1) })}
        />
      </Field>
      <Field label={text.seed}>
        <Input
          type="number"
          min={0}
          value={value.seed ?? ''}
          placeholder={text.random}
          onChange={(event) => set({ seed: event.target.value === '' ? null : Number(event.target.value) })}
        />
      </Field>
      <div className="sm:col-span-4">
        <Switch label={text.logprobs} checked={value.logprobs} onChange={(logprobs) => set({ logprobs })} />
      </div>
    </fieldset>
  );
}

function Range({
  label,
  value,
  min = 0,
  max,
  onChange,
}: {
  label: string;
  value: number;
  min?: number;
  max: number;
  onChange: (value: number) => void;
}) {
  return (
    <div>
      <p className="mb-2.5 flex justify-between font-medium text-[0.8125rem]">
        <span>{label}</span>
        <span className="font-normal tabular-nums">{formatDecimal(value, 2)}</span>
      </p>
      <Slider label={label} value={value} onChange={onChange} min={min} max={max} step={0.05} />
    </div>
  );
}
