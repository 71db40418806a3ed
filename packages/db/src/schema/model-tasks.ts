import { sql } from 'drizzle-orm';
import { index, integer, jsonb, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { baseModels } from './adapters.ts';
import { createdAt, moment, updatedAt } from './columns.ts';

/** Verifications and quantisations of base models (contracts/model-task.ts); the last few of each are kept. */
export const modelTasks = pgTable(
  'model_tasks',
  {
    id: text('id').primaryKey(),
    baseModelId: text('base_model_id')
      .notNull()
      .references(() => baseModels.id, { onDelete: 'cascade' }),
    kind: text('kind', { enum: ['verify', 'quantise'] }).notNull(),
    weights: text('weights', { enum: ['int8', 'q4'] }),
    status: text('status', { enum: ['queued', 'running', 'succeeded', 'failed'] })
      .notNull()
      .default('queued'),
    /** Grows with every lease. */
    fencingToken: integer('fencing_token').notNull().default(0),
    leaseOwner: text('lease_owner'),
    leaseExpiresAt: moment('lease_expires_at'),
    /** The step it is in and how far (ModelTaskProgress). */
    progress: jsonb('progress').$type<{ step: string; done: number }>(),
    result: jsonb('result').$type<Record<string, unknown>>(),
    error: text('error'),
    createdAt: createdAt(),
    finishedAt: moment('finished_at'),
    updatedAt: updatedAt(),
  },
  (t) => [
    index('model_tasks_model_idx').on(t.baseModelId, t.createdAt),
    // Never two at once of one model.
    uniqueIndex('model_tasks_open_idx').on(t.baseModelId).where(sql`status in ('queued', 'running')`),
  ],
);
