import { z } from 'zod';
import { moneyMicrosSchema, rangeInputSchema, timestampSchema } from './common.ts';

export const usageGroupSchema = z.enum(['none', 'key', 'model', 'adapter']);

export const usageInputSchema = rangeInputSchema.extend({
  bucket: z.enum(['hour', 'day']).default('day'),
  groupBy: usageGroupSchema.default('none'),
  keyId: z.string().max(64).optional(),
  model: z.string().max(256).optional(),
});
export type UsageInput = z.infer<typeof usageInputSchema>;

export const usageTotalsSchema = z.object({
  requests: z.int(),
  promptTokens: z.int(),
  cachedTokens: z.int(),
  completionTokens: z.int(),
  inferenceDeviceMicros: z.int(),
  trainingDeviceMicros: z.int(),
  trainedTokens: z.int(),
  costMicros: moneyMicrosSchema,
});
export type UsageTotals = z.infer<typeof usageTotalsSchema>;

export const usageRowSchema = usageTotalsSchema.extend({
  /** Beginning of the hour or day, UTC. */
  at: timestampSchema,
  /** The key's id, the model's or adapter's name; '' with groupBy none. */
  group: z.string(),
  groupLabel: z.string(),
});
export type UsageRow = z.infer<typeof usageRowSchema>;
export const usageViewSchema = z.object({
  rows: z.array(usageRowSchema),
  totals: usageTotalsSchema,
  currency: z.string(),
});
export type UsageView = z.infer<typeof usageViewSchema>;

export const statementViewSchema = z.object({
  id: z.string(),
  /** First day of the month, UTC. */
  month: timestampSchema,
  state: z.enum(['open', 'closed']),
  totals: usageTotalsSchema,
  currency: z.string(),
  lines: z.array(
    z.object({
      description: z.string(),
      quantity: z.int(),
      unit: z.string(),
      unitPriceMicros: moneyMicrosSchema,
      amountMicros: moneyMicrosSchema,
    }),
  ),
});
export type StatementView = z.infer<typeof statementViewSchema>;
export const statementIdInputSchema = z.strictObject({ statementId: z.string().max(64) });
export const statementExportInputSchema = statementIdInputSchema.extend({ format: z.enum(['csv', 'html']) });
