import { z } from 'zod';
import { keyScopeSchema } from '../roles.ts';
import { moneyMicrosSchema, timestampSchema } from './common.ts';

export const keyViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  /** `pk_live_` and the first characters: enough to know it by. */
  prefix: z.string(),
  /** null = all. */
  scopes: z.array(keyScopeSchema).nullable(),
  /** Model names it may call; null = all of the organisation's. */
  allowedModels: z.array(z.string()).nullable(),
  requestsPerMinute: z.int().nullable(),
  tokensPerMinute: z.int().nullable(),
  /** Spending a calendar month; null = the organisation's. */
  monthlyBudgetMicros: moneyMicrosSchema.nullable(),
  owner: z.object({ kind: z.enum(['user', 'service_account']), id: z.string(), name: z.string() }),
  state: z.enum(['active', 'expiring', 'expired', 'revoked']),
  createdAt: timestampSchema,
  expiresAt: timestampSchema.nullable(),
  lastUsedAt: timestampSchema.nullable(),
  revokedAt: timestampSchema.nullable(),
  /** The key that replaces it, after a rotation. */
  replacedBy: z.string().nullable(),
});
export type KeyView = z.infer<typeof keyViewSchema>;

export const createKeyInputSchema = z.strictObject({
  name: z.string().trim().min(1).max(80),
  scopes: z.array(keyScopeSchema).min(1).nullable().default(null),
  allowedModels: z.array(z.string().max(256)).min(1).max(100).nullable().default(null),
  requestsPerMinute: z.int().min(1).nullable().default(null),
  tokensPerMinute: z.int().min(1).nullable().default(null),
  monthlyBudgetMicros: moneyMicrosSchema.min(0).nullable().default(null),
  expiresAt: timestampSchema.nullable().default(null),
  /** Makes it the service account's key instead of the caller's own. */
  serviceAccountId: z.string().max(64).nullable().default(null),
});
export type CreateKeyInput = z.infer<typeof createKeyInputSchema>;

/** The only answer that ever holds the secret. */
export const createdKeySchema = z.object({ key: keyViewSchema, secret: z.string() });
export type CreatedKey = z.infer<typeof createdKeySchema>;

export const keyIdInputSchema = z.strictObject({ keyId: z.string().max(64) });
export const updateKeyInputSchema = keyIdInputSchema.extend({
  name: z.string().trim().min(1).max(80).optional(),
  allowedModels: createKeyInputSchema.shape.allowedModels.unwrap().optional(),
  requestsPerMinute: z.int().min(1).nullable().optional(),
  tokensPerMinute: z.int().min(1).nullable().optional(),
  monthlyBudgetMicros: moneyMicrosSchema.min(0).nullable().optional(),
});
/** The old key goes on working for `overlapHours`, at most a week. */
export const rotateKeyInputSchema = keyIdInputSchema.extend({ overlapHours: z.number().min(0).max(168).default(24) });
