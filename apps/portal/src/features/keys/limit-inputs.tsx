'use client';

import { Field, Input } from '#components/field.tsx';
import { keys as text } from '#text/en/keys.ts';

/** A key's own limits; empty = the organisation's. */
export function LimitInputs({
  rpm,
  tpm,
  budgetMicros,
}: {
  rpm?: number | null;
  tpm?: number | null;
  budgetMicros?: number | null;
}) {
  return (
    <>
      <Field label={text.rpmLabel}>
        <Input name="rpm" type="number" min={1} step={1} defaultValue={rpm ?? ''} placeholder={text.asOrganisation} />
      </Field>
      <Field label={text.tpmLabel}>
        <Input name="tpm" type="number" min={1} step={1} defaultValue={tpm ?? ''} placeholder={text.asOrganisation} />
      </Field>
      <Field label={text.budgetLabel} hint={text.budgetHint}>
        <Input
          name="budget"
          type="number"
          min={0}
          step="any"
          defaultValue={budgetMicros == null ? '' : budgetMicros / 1_000_000}
          placeholder={text.asOrganisation}
        />
      </Field>
    </>
  );
}
