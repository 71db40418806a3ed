/** The limits of a key from its form's fields; empty = null, the organisation's own. */
export function limitFields(fields: FormData) {
  const number = (name: string): number | null => {
    const value = String(fields.get(name) ?? '').trim();
    return value === '' ? null : Number(value);
  };
  const budget = number('budget');
  return {
    requestsPerMinute: number('rpm'),
    tokensPerMinute: number('tpm'),
    monthlyBudgetMicros: budget === null ? null : Math.round(budget * 1_000_000),
  };
}
