'use client';

import type { QuotaName } from '@parapet/contracts/quota';
import { useState } from 'react';
import { Checkbox, Field, Input } from '#components/field.tsx';
import { formatQuota } from '#features/quota/quota-meters.tsx';
import { tenants as text } from '#text/en/admin.ts';
import { common } from '#text/en/common.ts';
import { quotaNamesText } from '#text/en/usage.ts';

/** One limit: a number, or none at all. */
export function QuotaField({
  name,
  value,
  hint,
}: {
  name: QuotaName;
  /** undefined = not set here; null = unlimited. */
  value: number | null | undefined;
  /** The plan's limit, where it holds. */
  hint?: number | null;
}) {
  const [unlimited, setUnlimited] = useState(value === null);
  return (
    <div className="grid gap-1.5">
      <Field label={quotaNamesText[name]} optional={name.endsWith('Bytes') ? text.bytesHint : undefined}>
        <Input
          name={name}
          type="number"
          min={0}
          step={1}
          defaultValue={value ?? ''}
          disabled={unlimited}
          placeholder={
            hint === undefined ? undefined : text.quotaFrom(hint === null ? common.unlimited : formatQuota(name)(hint))
          }
        />
      </Field>
      <Checkbox
        name={`${name}:unlimited`}
        checked={unlimited}
        onChange={(event) => setUnlimited(event.target.checked)}
        label={
          <>
            {text.unlimited} <span className="sr-only">{quotaNamesText[name]}</span>
          </>
        }
      />
    </div>
  );
}
