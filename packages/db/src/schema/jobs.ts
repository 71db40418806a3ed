import type { Recipe, StepMetrics } from '@parapet/contracts/recipe';
import { doublePrecision, index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { createdAt, moment, quantity, updatedAt } from './columns.ts';
import { organisations } from './organisations.ts';

export const jobStatuses = [
  'validating_files',
  'queued',
  'running',
  'paused',
  'succeeded',
  'failed',
  'cancelled',
] as const;
export type JobError = { code: string; message: string; param: string | null };

export const fineTuningJobs = pgTable(
  'fine_tuning_jobs',
  {
    id: text('id').primaryKey(),
    orgId: text('org_id')
      .notNull()
      .references(() => organisations.id, { onDelete: 'cascade' }),
    status: text('status', { enum: jobStatuses }).notNull(),
    /** The base model's name, as asked for. */
    model: text('model').notNull(),
    baseDigest: text('base_digest').notNull(),
    trainingDatasetId: text('training_dataset_id').notNull(),
    trainingDigest: text('training_digest'),
    validationDatasetId: text('validation_dataset_id'),
    validationDigest: text('validation_digest'),
    suffix: text('suffix'),
    seed: integer('seed').notNull(),
    /** What was asked, "auto" and all: the API gives it back as it came. */
    request: jsonb('request').$type<Record<string, unknown>>().notNull(),
    /** With every choice made; null until the files are validated. */
    recipe: jsonb('recipe').$type<Recipe>(),
    metadata: jsonb('metadata').$type<Record<string, string>>(),
    /** Larger goes first within a tenant. */
    priority: integer('priority').notNull().default(0),
    /** Grows with every lease; a report with an older one is refused. */
    fencingToken: integer('fencing_token').notNull().default(0),
    leaseOwner: text('lease_owner'),
    leaseExpiresAt: moment('lease_expires_at'),
    attempts: integer('attempts').notNull().default(0),
    /** What the worker is to be told at its next heartbeat. */
    requestedAction: text('requested_action', { enum: ['pause', 'cancel'] }),
    step: integer('step').notNull().default(0),
    totalSteps: integer('total_steps'),
    trainedTokens: quantity('trained_tokens').notNull().default(0),
    /** Device time of all leases that ended, microseconds. */
    deviceMicros: quantity('device_micros').notNull().default(0),
    lastMetrics: jsonb('last_metrics').$type<StepMetrics>(),
    error: jsonb('error').$type<JobError>(),
    /** The `ft:` name of the result. */
    fineTunedModel: text('fine_tuned_model'),
    adapterVersionId: text('adapter_version_id'),
    /** Blob of the metrics CSV. */
    resultDigest: text('result_digest'),
    createdBy: text('created_by'),
    queuedAt: moment('queued_at'),
    startedAt: moment('started_at'),
    finishedAt: moment('finished_at'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (t) => [
    index('fine_tuning_jobs_org_idx').on(t.orgId, t.id),
    index('fine_tuning_jobs_queue_idx').on(t.status, t.priority, t.queuedAt),
    index('fine_tuning_jobs_lease_idx').on(t.status, t.leaseExpiresAt),
  ],
);

export const jobEvents = pgTable(
  'job_events',
  {
    id: text('id').primaryKey(),
    jobId: text('job_id')
      .notNull()
      .references(() => fineTuningJobs.id, { onDelete: 'cascade' }),
    orgId: text('org_id').notNull(),
    level: text('level', { enum: ['info', 'warn', 'error'] }).notNull(),
    type: text('type', { enum: ['message', 'metrics'] }).notNull(),
    message: text('message').notNull(),
    data: jsonb('data').$type<Record<string, unknown>>(),
    createdAt: createdAt(),
  },
  (t) => [index('job_events_job_idx').on(t.jobId, t.id)],
);

/** One row a step; a resumed lease overwrites the steps it repeats. */
export const jobMetrics = pgTable(
  'job_metrics',
  {
    jobId: text('job_id')
      .notNull()
      .references(() => fineTuningJobs.id, { onDelete: 'cascade' }),
    step: integer('step').notNull(),
    orgId: text('org_id').notNull(),
    metrics: jsonb('metrics').$type<StepMetrics>().notNull(),
    trainLoss: doublePrecision('train_loss').notNull(),
    validLoss: doublePrecision('valid_loss'),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.jobId, t.step] })],
);

/** Held-out rows answered by base model and adapter while it trained. */
export const jobSamples = pgTable(
  'job_samples',
  {
    jobId: text('job_id')
      .notNull()
      .references(() => fineTuningJobs.id, { onDelete: 'cascade' }),
    step: integer('step').notNull(),
    position: integer('position').notNull(),
    orgId: text('org_id').notNull(),
    prompt: text('prompt').notNull(),
    expected: text('expected').notNull(),
    base: text('base').notNull(),
    adapted: text('adapted').notNull(),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.jobId, t.step, t.position] })],
);

export const checkpoints = pgTable(
  'checkpoints',
  {
    id: text('id').primaryKey(),
    jobId: text('job_id')
      .notNull()
      .references(() => fineTuningJobs.id, { onDelete: 'cascade' }),
    orgId: text('org_id').notNull(),
    step: integer('step').notNull(),
    /** The trainer's whole state; null once it was collected. */
    stateDigest: text('state_digest'),
    /** The adapter at this step, callable; null = a state only. */
    adapterDigest: text('adapter_digest'),
    /** `ft:…:ckpt-step-N`. */
    modelName: text('model_name').unique(),
    metrics: jsonb('metrics').$type<StepMetrics>(),
    createdAt: createdAt(),
  },
  (t) => [uniqueIndex('checkpoints_job_step_idx').on(t.jobId, t.step), index('checkpoints_org_idx').on(t.orgId)],
);
