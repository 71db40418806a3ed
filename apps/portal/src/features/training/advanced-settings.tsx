'use client';

import type { CallableModel } from '@parapet/contracts/portal/playground';
import type { Recipe } from '@parapet/contracts/recipe';
import { ChevronRight } from 'lucide-react';
import { Checkbox, Field, Input, Select } from '#components/field.tsx';
import { jobForm } from '#text/en/job-form.ts';
import { choiceNames, recipeText } from '#text/en/recipe.ts';
import type { FormChoices } from './choices.ts';

const text = jobForm;

/** Every choice of the recipe, each explained where it stands; the placeholder says what "auto" comes to. */
export function AdvancedSettings({
  form,
  onChange,
  recipe,
  adapters,
}: {
  form: FormChoices;
  onChange: (change: Partial<FormChoices>) => void;
  /** The recipe as the estimate resolved it. */
  recipe: Recipe | undefined;
  adapters: readonly CallableModel[];
}) {
  const auto = (value: string | number | null | undefined) =>
    value === undefined || value === null ? text.auto : text.autoValue(String(value));
  const field = (
    name: 'rank' | 'epochs' | 'batchSize' | 'learningRateMultiplier' | 'maxSteps' | 'earlyStoppingPatience' | 'seed',
  ) => ({
    value: form[name],
    onChange: (event: { target: { value: string } }) => onChange({ [name]: event.target.value }),
    type: 'number',
  });
  const rank = recipe && 'rank' in recipe.adapter ? recipe.adapter.rank : undefined;
  return (
    <details className="group rounded-xl border border-line bg-surface shadow-card">
      <summary className="flex cursor-pointer list-none items-center gap-2 rounded-xl px-5 py-4 [&::-webkit-details-marker]:hidden">
        <ChevronRight className="size-4 text-faint transition-transform group-open:rotate-90" aria-hidden="true" />
        <span className="font-semibold text-sm">{text.advanced}</span>
      </summary>
      <div className="grid gap-5 px-5 pb-5">
        <p className="text-[0.8125rem] text-muted">{text.advancedHint}</p>
        <div className="grid gap-x-5 gap-y-4 sm:grid-cols-2">
          <Field label={text.method} hint={text.methodHint}>
            <Select
              value={form.method}
              onChange={(event) => onChange({ method: event.target.value as FormChoices['method'] })}
            >
              <option value="">{choiceNames.methods.auto}</option>
              <option value="para">{choiceNames.methods.para}</option>
              <option value="lora">{choiceNames.methods.lora}</option>
              <option value="ia3">{choiceNames.methods.ia3}</option>
            </Select>
          </Field>
          {form.method === 'para' || form.method === 'lora' ? (
            <Field label={text.rank} hint={text.rankHint}>
              <Input {...field('rank')} min={1} max={256} placeholder={auto(rank)} />
            </Field>
          ) : null}
          {form.method === 'para' ? (
            <>
              <Field label={text.targets} hint={text.targetsHint}>
                <Select
                  value={form.targets}
                  onChange={(event) => onChange({ targets: event.target.value as FormChoices['targets'] })}
                >
                  <Options of={choiceNames.targetNames} />
                </Select>
              </Field>
              <Field label={text.pooler} hint={text.poolerHint}>
                <Select
                  value={form.pooler}
                  onChange={(event) => onChange({ pooler: event.target.value as FormChoices['pooler'] })}
                >
                  <Options of={choiceNames.poolers} />
                </Select>
              </Field>
              <Field label={text.activation} hint={text.activationHint}>
                <Select
                  value={form.activation}
                  onChange={(event) => onChange({ activation: event.target.value as FormChoices['activation'] })}
                >
                  <Options of={choiceNames.activations} />
                </Select>
              </Field>
              <div className="grid content-start gap-1.5">
                <Checkbox
                  label={text.bias}
                  checked={form.bias}
                  onChange={(event) => onChange({ bias: event.target.checked })}
                />
                <p className="text-faint text-xs">{text.biasHint}</p>
              </div>
            </>
          ) : null}
          {form.method === 'lora' ? (
            <Field label={text.linears} hint={text.linearsHint}>
              <Input value={form.linears} onChange={(event) => onChange({ linears: event.target.value })} />
            </Field>
          ) : null}
        </div>
        <div className="grid gap-x-5 gap-y-4 border-line border-t pt-5 sm:grid-cols-2">
          <Field label={text.epochs} hint={text.epochsHint}>
            <Input {...field('epochs')} min={0.1} max={50} step="any" placeholder={auto(recipe?.epochs)} />
          </Field>
          <Field label={text.batchSize} hint={text.batchSizeHint}>
            <Input {...field('batchSize')} min={1} max={256} placeholder={auto(recipe?.batchSize)} />
          </Field>
          <Field label={text.learningRate} hint={text.learningRateHint}>
            <Input {...field('learningRateMultiplier')} min={0.01} max={100} step="any" placeholder={text.auto} />
          </Field>
          <Field label={text.maxSteps} hint={text.maxStepsHint}>
            <Input {...field('maxSteps')} min={1} placeholder={recipeText.off} />
          </Field>
          <Field label={text.patience} hint={text.patienceHint}>
            <Input {...field('earlyStoppingPatience')} min={1} max={100} placeholder={recipeText.off} />
          </Field>
          <Field label={text.seed} hint={text.seedHint}>
            <Input {...field('seed')} min={0} max={2147483647} placeholder={text.auto} />
          </Field>
          <Field label={text.warmStart} hint={text.warmStartHint} className="sm:col-span-2">
            <Select value={form.warmStartFrom} onChange={(event) => onChange({ warmStartFrom: event.target.value })}>
              <option value="">{text.noWarmStart}</option>
              {adapters.map((adapter) => (
                <option key={adapter.model} value={adapter.model}>
                  {adapter.model}
                </option>
              ))}
            </Select>
          </Field>
        </div>
      </div>
    </details>
  );
}

function Options({ of }: { of: Record<string, string> }) {
  return Object.entries(of).map(([value, label]) => (
    <option key={value} value={value}>
      {label}
    </option>
  ));
}
