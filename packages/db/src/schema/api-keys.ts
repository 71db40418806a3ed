import { index, integer, pgTable, text } from 'drizzle-orm/pg-core';
import { createdAt, moment, quantity, updatedAt } from './columns.ts';
import { organisations } from './organisations.ts';

export const apiKeys = pgTable(
  'api_keys',
  {
    id: text('id').primaryKey(),
    orgId: text('org_id')
      .notNull()
      .references(() => organisations.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    /** SHA-256 of the whole key: 140 bits of randomness need no slow hash. The key itself is nowhere. */
    hash: text('hash').notNull().unique(),
    /** The part that may be shown: `pk_live_…` up to its first characters. */
    hint: text('hint').notNull(),
    /** null = all of them. */
    scopes: text('scopes').array(),
    /** null = every model of the organisation. */
    allowedModels: text('allowed_models').array(),
    requestsPerMinute: integer('requests_per_minute'),
    tokensPerMinute: integer('tokens_per_minute'),
    /** Micro-units of currency a month. */
    budgetMicros: quantity('budget_micros'),
    expiresAt: moment('expires_at'),
    lastUsedAt: moment('last_used_at'),
    /** The key this one replaces; that one lives on until its `expiresAt`. */
    rotatedFrom: text('rotated_from'),
    createdBy: text('created_by'),
    serviceAccountId: text('service_account_id'),
    revokedAt: moment('revoked_at'),
    createdAt: createdAt(),
    /** Gateways poll by it to drop cached keys. */
    updatedAt: updatedAt(),
  },
  (t) => [index('api_keys_org_idx').on(t.orgId, t.id), index('api_keys_updated_idx').on(t.updatedAt)],
);
