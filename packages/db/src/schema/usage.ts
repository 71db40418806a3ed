import type { UsageTotals } from '@parapet/contracts/portal/usage';
import { date, index, jsonb, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { createdAt, moment, quantity } from './columns.ts';

/** One finished request or training lease. Written with its settlement; append-only. */
export const usageEvents = pgTable(
  'usage_events',
  {
    id: text('id').primaryKey(),
    orgId: text('org_id').notNull(),
    kind: text('kind', { enum: ['inference', 'training'] }).notNull(),
    requestId: text('request_id').notNull().unique(),
    keyId: text('key_id'),
    model: text('model').notNull(),
    adapter: text('adapter'),
    promptTokens: quantity('prompt_tokens').notNull().default(0),
    cachedTokens: quantity('cached_tokens').notNull().default(0),
    completionTokens: quantity('completion_tokens').notNull().default(0),
    trainedTokens: quantity('trained_tokens').notNull().default(0),
    gpuMicros: quantity('gpu_micros').notNull(),
    queueMicros: quantity('queue_micros').notNull().default(0),
    spendMicros: quantity('spend_micros').notNull(),
    priceId: text('price_id'),
    /** How it ended: stop, length, cancelled, error, or a job's outcome. */
    outcome: text('outcome').notNull(),
    /** The month it counts to: the hold's. */
    period: date('period', { mode: 'string' }).notNull(),
    occurredAt: moment('occurred_at').notNull(),
    createdAt: createdAt(),
  },
  (t) => [index('usage_events_org_idx').on(t.orgId, t.period, t.occurredAt)],
);

const rollupColumns = () => ({
  orgId: text('org_id').notNull(),
  kind: text('kind', { enum: ['inference', 'training'] }).notNull(),
  /** Empty = none (a signed-in session; the base model). */
  keyId: text('key_id').notNull().default(''),
  model: text('model').notNull(),
  adapter: text('adapter').notNull().default(''),
  requests: quantity('requests').notNull().default(0),
  promptTokens: quantity('prompt_tokens').notNull().default(0),
  cachedTokens: quantity('cached_tokens').notNull().default(0),
  completionTokens: quantity('completion_tokens').notNull().default(0),
  trainedTokens: quantity('trained_tokens').notNull().default(0),
  gpuMicros: quantity('gpu_micros').notNull().default(0),
  spendMicros: quantity('spend_micros').notNull().default(0),
});

export const usageHourly = pgTable('usage_hourly', { ...rollupColumns(), hour: moment('hour').notNull() }, (t) => [
  primaryKey({ columns: [t.orgId, t.hour, t.kind, t.keyId, t.model, t.adapter] }),
]);

export const usageDaily = pgTable(
  'usage_daily',
  { ...rollupColumns(), day: date('day', { mode: 'string' }).notNull() },
  (t) => [primaryKey({ columns: [t.orgId, t.day, t.kind, t.keyId, t.model, t.adapter] })],
);

export type StatementLine = {
  description: string;
  quantity: number;
  /** `tokens`, `GPU-seconds` (quantity in microseconds of device time is divided), `requests`. */
  unit: string;
  unitPriceMicros: number;
  amountMicros: number;
};

/** A month closed and issued: never changes again. */
export const statements = pgTable(
  'statements',
  {
    id: text('id').primaryKey(),
    orgId: text('org_id').notNull(),
    period: date('period', { mode: 'string' }).notNull(),
    currency: text('currency').notNull(),
    totals: jsonb('totals').$type<UsageTotals>().notNull(),
    lines: jsonb('lines').$type<StatementLine[]>().notNull(),
    totalMicros: quantity('total_micros').notNull(),
    /** Of it, corrections. */
    adjustmentMicros: quantity('adjustment_micros').notNull().default(0),
    issuedAt: createdAt(),
  },
  (t) => [uniqueIndex('statements_period_idx').on(t.orgId, t.period)],
);
