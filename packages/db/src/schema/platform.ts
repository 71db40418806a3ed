import { bigint, index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { createdAt, moment, updatedAt } from './columns.ts';

export const platformSettings = pgTable('platform_settings', {
  key: text('key').primaryKey(),
  value: jsonb('value').$type<unknown>().notNull(),
  updatedAt: updatedAt(),
});

/** Who did what to what; rows of one chain are linked by digest. Append-only (a trigger refuses the rest). */
export const auditLog = pgTable(
  'audit_log',
  {
    id: text('id').primaryKey(),
    /** The organisation's id, or `platform`. */
    chain: text('chain').notNull(),
    /** 1, 2, 3 … within its chain. */
    sequence: bigint('sequence', { mode: 'number' }).notNull(),
    orgId: text('org_id'),
    actorType: text('actor_type', { enum: ['user', 'api_key', 'service_account', 'admin', 'system'] }).notNull(),
    actorId: text('actor_id'),
    /** As it was then: people get renamed. */
    actorName: text('actor_name'),
    action: text('action').notNull(),
    targetType: text('target_type').notNull(),
    targetId: text('target_id').notNull(),
    before: jsonb('before').$type<unknown>(),
    after: jsonb('after').$type<unknown>(),
    ipAddress: text('ip_address'),
    userAgent: text('user_agent'),
    requestId: text('request_id'),
    previousDigest: text('previous_digest'),
    digest: text('digest').notNull(),
    createdAt: createdAt(),
  },
  (t) => [
    uniqueIndex('audit_log_chain_idx').on(t.chain, t.sequence),
    index('audit_log_org_idx').on(t.orgId, t.createdAt),
    index('audit_log_target_idx').on(t.targetType, t.targetId),
  ],
);

/** Answers of mutating calls, kept so that a repeated `Idempotency-Key` gets the first one's. */
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    orgId: text('org_id').notNull(),
    key: text('key').notNull(),
    method: text('method').notNull(),
    path: text('path').notNull(),
    /** SHA-256 of the request body: the same key with another body is a conflict. */
    requestDigest: text('request_digest').notNull(),
    /** null = still running. */
    status: integer('status'),
    headers: jsonb('headers').$type<Record<string, string>>(),
    body: text('body'),
    lockedUntil: moment('locked_until'),
    createdAt: createdAt(),
    expiresAt: moment('expires_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.orgId, t.key] }), index('idempotency_keys_expires_idx').on(t.expiresAt)],
);

/** Limits of anything that is not an inference request: sign-ins, uploads, invitations. See metering/rate-limit. */
export const rateLimitBuckets = pgTable('rate_limit_buckets', {
  scope: text('scope').primaryKey(),
  /** Units taken and not yet drained, times 60,000,000. */
  level: bigint('level', { mode: 'bigint' }).notNull(),
  /** Microseconds since 1970 at which `level` was right. */
  drainedAtMicros: bigint('drained_at_micros', { mode: 'bigint' }).notNull(),
});
