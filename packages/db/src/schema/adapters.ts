import type { AdapterConfig } from '@parapet/contracts/adapter';
import type { Recipe, StepMetrics } from '@parapet/contracts/recipe';
import { bigint, boolean, index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { createdAt, moment, quantity, updatedAt } from './columns.ts';
import { organisations } from './organisations.ts';

export const baseModels = pgTable('base_models', {
  id: text('id').primaryKey(),
  name: text('name').notNull().unique(),
  /** Of its weights and config: its identity. null until a worker has loaded it. */
  digest: text('digest').unique(),
  /** `builtin`, a hub id (`org/name`) or an absolute path on the workers. */
  source: text('source').notNull(),
  contextTokens: integer('context_tokens'),
  parameters: bigint('parameters', { mode: 'number' }),
  weights: text('weights').notNull().default(''),
  licence: text('licence').notNull().default(''),
  config: jsonb('config').$type<Record<string, unknown>>().notNull().default({}),
  isDefault: boolean('is_default').notNull().default(false),
  state: text('state', { enum: ['ready', 'loading', 'failed', 'retired'] })
    .notNull()
    .default('ready'),
  createdAt: createdAt(),
  updatedAt: updatedAt(),
});

/** Versions of one adapter under one display name. */
export const adapters = pgTable(
  'adapters',
  {
    id: text('id').primaryKey(),
    orgId: text('org_id')
      .notNull()
      .references(() => organisations.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    /** Of the callable names; fixed. */
    suffix: text('suffix').notNull(),
    baseModel: text('base_model').notNull(),
    baseDigest: text('base_digest').notNull(),
    createdBy: text('created_by'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (t) => [index('adapters_org_idx').on(t.orgId, t.id)],
);

/** All that is needed to make the same adapter again, and what it scored. */
export type AdapterLineage = {
  jobId: string | null;
  trainingDigest: string | null;
  validationDigest: string | null;
  recipe: Recipe | null;
  /** The version it was warm-started from. */
  parentVersionId: string | null;
  steps: number | null;
  trainedTokens: number | null;
  bestStep: number | null;
  stoppedEarly: boolean | null;
  finalMetrics: StepMetrics | null;
};

export const adapterVersions = pgTable(
  'adapter_versions',
  {
    id: text('id').primaryKey(),
    adapterId: text('adapter_id')
      .notNull()
      .references(() => adapters.id, { onDelete: 'cascade' }),
    orgId: text('org_id').notNull(),
    version: integer('version').notNull(),
    /** Callable name of this very version: `ft:{base}:{slug}:{suffix}:{id}`. */
    model: text('model').notNull().unique(),
    origin: text('origin', { enum: ['job', 'import', 'checkpoint'] }).notNull(),
    digest: text('digest').notNull(),
    bytes: quantity('bytes').notNull(),
    parameters: integer('parameters').notNull(),
    config: jsonb('config').$type<AdapterConfig>().notNull(),
    baseDigest: text('base_digest').notNull(),
    lineage: jsonb('lineage').$type<AdapterLineage>().notNull(),
    createdBy: text('created_by'),
    createdAt: createdAt(),
  },
  (t) => [
    uniqueIndex('adapter_versions_number_idx').on(t.adapterId, t.version),
    index('adapter_versions_org_idx').on(t.orgId, t.id),
    index('adapter_versions_digest_idx').on(t.digest),
  ],
);

/** A name that stays while the version behind it changes: `prod`. */
export const adapterAliases = pgTable(
  'adapter_aliases',
  {
    adapterId: text('adapter_id')
      .notNull()
      .references(() => adapters.id, { onDelete: 'cascade' }),
    alias: text('alias').notNull(),
    orgId: text('org_id').notNull(),
    /** Callable: `ft:{base}:{slug}:{suffix}:{alias}`. */
    model: text('model').notNull().unique(),
    versionId: text('version_id')
      .notNull()
      .references(() => adapterVersions.id, { onDelete: 'cascade' }),
    /** Where it pointed before: what "back" goes to. */
    previousVersionId: text('previous_version_id').references(() => adapterVersions.id, { onDelete: 'set null' }),
    movedBy: text('moved_by'),
    movedAt: moment('moved_at').notNull().defaultNow(),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.adapterId, t.alias] }),
    index('adapter_aliases_version_idx').on(t.versionId),
    index('adapter_aliases_org_idx').on(t.orgId),
  ],
);

/** A blob that is in the store, whoever brought it. */
export const blobs = pgTable(
  'blobs',
  {
    digest: text('digest').primaryKey(),
    bytes: quantity('bytes').notNull(),
    createdAt: createdAt(),
    /** Last time someone stored or referred to it: the collector waits from here. */
    touchedAt: moment('touched_at').notNull().defaultNow(),
  },
  (t) => [index('blobs_touched_idx').on(t.touchedAt)],
);

/** Why a blob stays. No reference left = collected after the grace. */
export const blobReferences = pgTable(
  'blob_references',
  {
    digest: text('digest')
      .notNull()
      .references(() => blobs.digest),
    /** `dataset`, `adapter_version`, `checkpoint_state`, `checkpoint_adapter`, `job_result`, `upload`. */
    ownerType: text('owner_type').notNull(),
    ownerId: text('owner_id').notNull(),
    orgId: text('org_id').notNull(),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.digest, t.ownerType, t.ownerId] }),
    index('blob_references_owner_idx').on(t.ownerType, t.ownerId),
    index('blob_references_org_idx').on(t.orgId, t.digest),
  ],
);
