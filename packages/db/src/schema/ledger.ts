import { sql } from 'drizzle-orm';
import { bigint, check, date, index, integer, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { createdAt, moment, quantity } from './columns.ts';

/**
 * An organisation's momentary state: two leaky buckets and the requests that run. One row, which every admission
 * locks. A level is units taken and not yet drained times 60,000,000, so that draining `limit` units a minute is
 * `limit` a microsecond: integers only, exact.
 */
export const orgMeters = pgTable('org_meters', {
  orgId: text('org_id').primaryKey(),
  requestLevel: bigint('request_level', { mode: 'bigint' }).notNull().default(sql`0`),
  tokenLevel: bigint('token_level', { mode: 'bigint' }).notNull().default(sql`0`),
  /** Microseconds since 1970 at which the levels were right. */
  drainedAtMicros: bigint('drained_at_micros', { mode: 'bigint' }).notNull().default(sql`0`),
  runningRequests: integer('running_requests').notNull().default(0),
});

export const keyMeters = pgTable('key_meters', {
  keyId: text('key_id').primaryKey(),
  orgId: text('org_id').notNull(),
  requestLevel: bigint('request_level', { mode: 'bigint' }).notNull().default(sql`0`),
  tokenLevel: bigint('token_level', { mode: 'bigint' }).notNull().default(sql`0`),
  drainedAtMicros: bigint('drained_at_micros', { mode: 'bigint' }).notNull().default(sql`0`),
});

/** Balances of an organisation in a calendar month (UTC). Derived: the ledger says the same, or `reconcile` tells. */
export const orgPeriods = pgTable(
  'org_periods',
  {
    orgId: text('org_id').notNull(),
    /** The month's first day. */
    period: date('period', { mode: 'string' }).notNull(),
    inferenceGpuUsed: quantity('inference_gpu_used').notNull().default(0),
    inferenceGpuHeld: quantity('inference_gpu_held').notNull().default(0),
    trainingGpuUsed: quantity('training_gpu_used').notNull().default(0),
    trainingGpuHeld: quantity('training_gpu_held').notNull().default(0),
    spendUsed: quantity('spend_used').notNull().default(0),
    spendHeld: quantity('spend_held').notNull().default(0),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.period] }),
    check(
      'org_periods_held_check',
      sql`${t.inferenceGpuHeld} >= 0 and ${t.trainingGpuHeld} >= 0 and ${t.spendHeld} >= 0`,
    ),
  ],
);

export const keyPeriods = pgTable(
  'key_periods',
  {
    keyId: text('key_id').notNull(),
    period: date('period', { mode: 'string' }).notNull(),
    orgId: text('org_id').notNull(),
    spendUsed: quantity('spend_used').notNull().default(0),
    spendHeld: quantity('spend_held').notNull().default(0),
  },
  (t) => [primaryKey({ columns: [t.keyId, t.period] }), check('key_periods_held_check', sql`${t.spendHeld} >= 0`)],
);

/** What a request or a lease of a job may use at most, reserved while it runs. */
export const holds = pgTable(
  'holds',
  {
    id: text('id').primaryKey(),
    orgId: text('org_id').notNull(),
    kind: text('kind', { enum: ['inference', 'training'] }).notNull(),
    /** A request's id, or `ftjob-…/fencing token`. One hold each. */
    requestId: text('request_id').notNull().unique(),
    keyId: text('key_id'),
    /** The base model, which prices it, and the adapter's name. */
    model: text('model').notNull(),
    adapter: text('adapter'),
    period: date('period', { mode: 'string' }).notNull(),
    tokens: quantity('tokens').notNull(),
    gpuMicros: quantity('gpu_micros').notNull(),
    spendMicros: quantity('spend_micros').notNull(),
    /** Training: device time reported so far; settled with it when the lease dies. */
    accruedGpuMicros: quantity('accrued_gpu_micros').notNull().default(0),
    /** The price in force when it was placed settles it. */
    priceId: text('price_id'),
    status: text('status', { enum: ['held', 'settled', 'voided', 'expired'] })
      .notNull()
      .default('held'),
    createdAt: createdAt(),
    expiresAt: moment('expires_at').notNull(),
    closedAt: moment('closed_at'),
  },
  (t) => [index('holds_open_idx').on(t.expiresAt).where(sql`status = 'held'`)],
);

/**
 * Every movement of every balance, for ever: `hold` adds to what is held, `settle`, `void` and `expire` take that
 * away again, `settle` and `adjust` add to what is used. No one may change or remove a row.
 */
export const ledgerEntries = pgTable(
  'ledger_entries',
  {
    id: text('id').primaryKey(),
    orgId: text('org_id').notNull(),
    kind: text('kind', { enum: ['hold', 'settle', 'void', 'expire', 'adjust'] }).notNull(),
    /**
     * A request has one `open`, at most one `release` (voided or expired) and at most one `charge`; a charge after
     * a release is usage that was reported late. `extend` raises a hold, `adjust` is an administrator's.
     */
    phase: text('phase', { enum: ['open', 'extend', 'release', 'charge', 'adjust'] }).notNull(),
    requestId: text('request_id').notNull(),
    holdId: text('hold_id'),
    keyId: text('key_id'),
    resource: text('resource', { enum: ['inference', 'training'] }).notNull(),
    period: date('period', { mode: 'string' }).notNull(),
    gpuHeld: quantity('gpu_held').notNull().default(0),
    gpuUsed: quantity('gpu_used').notNull().default(0),
    spendHeld: quantity('spend_held').notNull().default(0),
    spendUsed: quantity('spend_used').notNull().default(0),
    reason: text('reason'),
    createdAt: createdAt(),
  },
  (t) => [
    uniqueIndex('ledger_entries_once_idx').on(t.requestId, t.phase).where(sql`phase in ('open', 'release', 'charge')`),
    index('ledger_entries_org_idx').on(t.orgId, t.period),
  ],
);

/** What is charged, in millionths of the currency: a million tokens, a second of device time. */
export const modelPrices = pgTable(
  'model_prices',
  {
    id: text('id').primaryKey(),
    /** The base model's name, or `*`. */
    model: text('model').notNull(),
    /** null = every plan. */
    planId: text('plan_id'),
    promptMicrosPerMillion: quantity('prompt_micros_per_million').notNull().default(0),
    /** null = as the prompt's others. */
    cachedMicrosPerMillion: quantity('cached_micros_per_million'),
    completionMicrosPerMillion: quantity('completion_micros_per_million').notNull().default(0),
    trainedMicrosPerMillion: quantity('trained_micros_per_million').notNull().default(0),
    inferenceMicrosPerGpuSecond: quantity('inference_micros_per_gpu_second').notNull().default(0),
    trainingMicrosPerGpuSecond: quantity('training_micros_per_gpu_second').notNull().default(0),
    effectiveFrom: moment('effective_from').notNull(),
    createdAt: createdAt(),
  },
  (t) => [index('model_prices_model_idx').on(t.model, t.effectiveFrom)],
);
