import { z } from 'zod';
import { actorViewSchema, pageInputSchema, timeOrderSchema, timestampSchema } from './common.ts';

export const auditEntryViewSchema = z.object({
  id: z.string(),
  at: timestampSchema,
  actor: actorViewSchema,
  /** The verb, such as `keys.revoke`. */
  action: z.string(),
  target: z.object({ kind: z.string(), id: z.string() }),
  before: z.record(z.string(), z.unknown()).nullable(),
  after: z.record(z.string(), z.unknown()).nullable(),
  ip: z.string().nullable(),
  requestId: z.string().nullable(),
  /** SHA-256 over the previous entry's digest and this entry: a changed or missing row breaks the chain. */
  digest: z.string(),
});
export type AuditEntryView = z.infer<typeof auditEntryViewSchema>;

export const auditFilterSchema = z.strictObject({
  action: z.string().max(80).optional(),
  actorId: z.string().max(64).optional(),
  targetId: z.string().max(64).optional(),
  from: timestampSchema.optional(),
  to: timestampSchema.optional(),
});
export const listAuditInputSchema = pageInputSchema.extend({ ...auditFilterSchema.shape, order: timeOrderSchema });
export const exportAuditInputSchema = auditFilterSchema.extend({ format: z.enum(['csv', 'jsonl']).default('csv') });
export const auditChainSchema = z.object({ entries: z.int(), intact: z.boolean(), brokenAt: z.string().nullable() });
