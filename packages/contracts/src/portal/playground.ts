import { z } from 'zod';
import { moneyMicrosSchema } from './common.ts';

/** What the playground can call, with what a token of it costs. */
export const callableModelSchema = z.object({
  /** As /v1 takes it. */
  model: z.string(),
  label: z.string(),
  kind: z.enum(['base', 'adapter', 'alias', 'checkpoint']),
  baseModel: z.string(),
  contextTokens: z.int().nullable(),
  price: z.object({
    promptMicrosPerMillionTokens: moneyMicrosSchema,
    completionMicrosPerMillionTokens: moneyMicrosSchema,
    currency: z.string(),
  }),
  /** A worker serves its base model now. */
  available: z.boolean(),
});
export type CallableModel = z.infer<typeof callableModelSchema>;
