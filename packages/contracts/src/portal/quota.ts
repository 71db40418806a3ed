import { z } from 'zod';
import { quotaLimitsSchema } from '../quota.ts';
import { timestampSchema } from './common.ts';

/** One limit beside its use. */
export const quotaLineSchema = z.object({
  name: quotaLimitsSchema.keyof(),
  /** null = no limit. */
  limit: z.int().nullable(),
  used: z.number(),
  /** `warning` from 80%, `exhausted` from 100%. */
  state: z.enum(['ok', 'warning', 'exhausted']),
  source: z.enum(['plan', 'override']),
  /** When use goes back to 0; null for what is held rather than spent. */
  resetsAt: timestampSchema.nullable(),
});
export type QuotaLine = z.infer<typeof quotaLineSchema>;
export const quotaViewSchema = z.object({
  plan: z.object({ id: z.string(), name: z.string() }),
  lines: z.array(quotaLineSchema),
  suspended: z.boolean(),
});
export type QuotaView = z.infer<typeof quotaViewSchema>;
