import type { auditFilterSchema } from '@parapet/contracts/portal/audit';
import type { z } from 'zod';

export type AuditAddress = { search?: string; action?: string; from?: string; to?: string };

const day = (text: string | undefined, addDays = 0): number | undefined => {
  const at = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(at) ? undefined : at + addDays * 86_400_000;
};

/** The filter of an address: dates are whole days in UTC, the last one included. */
export function auditFilter(address: AuditAddress): z.infer<typeof auditFilterSchema> {
  return { action: address.action?.trim() || undefined, from: day(address.from), to: day(address.to, 1) };
}
