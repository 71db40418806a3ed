import { index, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import { createdAt, moment, updatedAt } from './columns.ts';

export const workers = pgTable(
  'workers',
  {
    id: text('id').primaryKey(),
    kind: text('kind', { enum: ['serve', 'train'] }).notNull(),
    /** Where a gateway reaches it; null for train workers, which call. */
    url: text('url'),
    name: text('name').notNull(),
    baseDigest: text('base_digest'),
    /** What it said when it registered (RegisterServeWorker, LeaseRequest). */
    registration: jsonb('registration').$type<Record<string, unknown>>().notNull(),
    /** What it said last (ServeHeartbeat). */
    heartbeat: jsonb('heartbeat').$type<Record<string, unknown>>(),
    status: text('status', { enum: ['ready', 'draining', 'unhealthy', 'gone'] })
      .notNull()
      .default('ready'),
    /** What it is to be told at its next heartbeat (WorkerControl). */
    control: jsonb('control').$type<Record<string, unknown>>(),
    heartbeatAt: moment('heartbeat_at').notNull().defaultNow(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (t) => [index('workers_kind_idx').on(t.kind, t.heartbeatAt), index('workers_url_idx').on(t.url)],
);
