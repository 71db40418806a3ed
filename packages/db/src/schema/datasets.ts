import type { Histogram } from '@parapet/contracts/portal/datasets';
import type { RowProblem } from '@parapet/contracts/training-row';
import { index, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import { createdAt, moment, quantity, updatedAt } from './columns.ts';
import { organisations } from './organisations.ts';

export type DatasetTokens = {
  total: number;
  /** Of the targets: what is trained on. */
  completion: number;
  longestRow: number;
  tokensPerRow: Histogram;
  completionTokensPerRow: Histogram;
};

/**
 * A file of the customer's: OpenAI's `file-…`, a data set in the portal. Its bytes never change; another version is
 * another row with the first as its parent, and the digest tells them apart.
 */
export const datasets = pgTable(
  'datasets',
  {
    id: text('id').primaryKey(),
    orgId: text('org_id')
      .notNull()
      .references(() => organisations.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    purpose: text('purpose').notNull().default('fine-tune'),
    format: text('format', { enum: ['jsonl', 'csv', 'parquet'] }).notNull(),
    status: text('status', { enum: ['counting', 'ready', 'invalid'] }).notNull(),
    statusDetails: text('status_details'),
    /** Of what was uploaded. */
    digest: text('digest').notNull(),
    bytes: quantity('bytes').notNull(),
    /** Of the JSON lines it became; the same as `digest` where it came as them. Training reads these. */
    rowsDigest: text('rows_digest').notNull(),
    rows: integer('rows').notNull().default(0),
    chatRows: integer('chat_rows').notNull().default(0),
    duplicates: integer('duplicates').notNull().default(0),
    /** All that were found; `problems` keeps the first ones. */
    problemCount: integer('problem_count').notNull().default(0),
    problems: jsonb('problems').$type<RowProblem[]>().notNull().default([]),
    /** null until counted. */
    tokens: jsonb('tokens').$type<DatasetTokens>(),
    /** The one it was split from, and how. */
    parentId: text('parent_id'),
    split: jsonb('split').$type<{ part: 'train' | 'valid'; seed: number; validFraction: number }>(),
    createdBy: text('created_by'),
    expiresAt: moment('expires_at'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (t) => [index('datasets_org_idx').on(t.orgId, t.id), index('datasets_digest_idx').on(t.digest)],
);
