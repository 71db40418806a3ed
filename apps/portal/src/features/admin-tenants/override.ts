import type { QuotaName, QuotaOverride } from '@parapet/contracts/quota';

/**
 * A tenant's override from its form: an empty field is the plan's limit (left out), "unlimited" is null, a number is
 * that limit. Fields are named after the limits; the box for unlimited is `<name>:unlimited`.
 */
export function toOverride(names: readonly QuotaName[], fields: FormData): QuotaOverride {
  const override: QuotaOverride = {};
  for (const name of names) {
    const value = String(fields.get(name) ?? '').trim();
    if (fields.get(`${name}:unlimited`) === 'on') override[name] = null;
    else if (value !== '') override[name] = Number(value);
  }
  return override;
}
