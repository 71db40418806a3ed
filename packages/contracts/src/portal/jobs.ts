import { z } from 'zod';
import { adapterConfigSchema } from '../adapter.ts';
import { recipeSchema, samplePredictionSchema, stepMetricsSchema } from '../recipe.ts';
import { moneyMicrosSchema, pageInputSchema, timestampSchema } from './common.ts';

export const jobStatusSchema = z.enum([
  'validating_files',
  'queued',
  'running',
  'paused',
  'succeeded',
  'failed',
  'cancelled',
]);
export type JobStatus = z.infer<typeof jobStatusSchema>;

export const jobViewSchema = z.object({
  id: z.string(),
  status: jobStatusSchema,
  /** What was asked of a running job and not done yet. */
  requested: z.enum(['pause', 'cancel']).nullable(),
  baseModel: z.string(),
  suffix: z.string().nullable(),
  method: z.string(),
  trainingFile: z.object({ id: z.string(), name: z.string() }),
  validationFile: z.object({ id: z.string(), name: z.string() }).nullable(),
  /** The callable name, once succeeded. */
  fineTunedModel: z.string().nullable(),
  adapterId: z.string().nullable(),
  step: z.int(),
  totalSteps: z.int().nullable(),
  etaSeconds: z.number().nullable(),
  trainLoss: z.number().nullable(),
  validLoss: z.number().nullable(),
  trainedTokens: z.int(),
  deviceMicros: z.int(),
  /** Place among this tenant's waiting jobs and among all; null when not queued. */
  queuePosition: z.object({ own: z.int(), all: z.int() }).nullable(),
  error: z.object({ code: z.string(), message: z.string(), param: z.string().nullable() }).nullable(),
  createdBy: z.string(),
  createdAt: timestampSchema,
  startedAt: timestampSchema.nullable(),
  finishedAt: timestampSchema.nullable(),
});
export type JobView = z.infer<typeof jobViewSchema>;

export const checkpointViewSchema = z.object({
  id: z.string(),
  step: z.int(),
  /** Callable: `ft:…:ckpt-step-N`. */
  model: z.string().nullable(),
  trainLoss: z.number().nullable(),
  validLoss: z.number().nullable(),
  createdAt: timestampSchema,
});
export type CheckpointView = z.infer<typeof checkpointViewSchema>;

export const jobDetailSchema = jobViewSchema.extend({
  /** Every choice made, `auto` resolved. */
  recipe: recipeSchema,
  seed: z.int(),
  attempts: z.int(),
  workerName: z.string().nullable(),
  checkpoints: z.array(checkpointViewSchema),
  metadata: z.record(z.string(), z.string()),
});
export type JobDetail = z.infer<typeof jobDetailSchema>;

export const listJobsInputSchema = pageInputSchema.extend({
  status: jobStatusSchema.optional(),
  sort: z.enum(['newest', 'oldest']).default('newest'),
});
export const jobIdInputSchema = z.strictObject({ jobId: z.string().max(64) });

const auto = <T extends z.ZodType>(value: T) => z.union([z.literal('auto'), value]).default('auto');

/** The form's choices; `auto` is resolved from the data set's rows and tokens before the job is queued. */
export const jobChoicesSchema = z.strictObject({
  trainingFileId: z.string().max(64),
  validationFileId: z.string().max(64).nullable().default(null),
  baseModel: z.string().max(128).optional(),
  suffix: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,63}$/i, 'must be 1 to 64 letters, digits or hyphens')
    .nullable()
    .default(null),
  adapter: z.union([z.literal('auto'), adapterConfigSchema]).default('auto'),
  epochs: auto(z.number().positive().max(50)),
  batchSize: auto(z.int().min(1).max(256)),
  /** Multiplies the method's own rate. */
  learningRateMultiplier: auto(z.number().positive().max(100)),
  maxSteps: z.int().positive().max(1_000_000).nullable().default(null),
  earlyStoppingPatience: z.int().min(1).max(100).nullable().default(null),
  seed: z.int().min(0).max(2_147_483_647).optional(),
  /** An adapter version's id, or a callable name, to start from. */
  warmStartFrom: z.string().max(256).nullable().default(null),
  metadata: z.record(z.string().max(64), z.string().max(512)).default({}),
});
export type JobChoices = z.infer<typeof jobChoicesSchema>;

export const jobEstimateSchema = z.object({
  recipe: recipeSchema,
  steps: z.int(),
  trainedTokens: z.int(),
  /** From the last jobs' measured tokens per second on this fleet; null when none has run. */
  seconds: z.number().nullable(),
  memoryBytes: z.int().nullable(),
  gpuSeconds: z.number().nullable(),
  costMicros: moneyMicrosSchema.nullable(),
  currency: z.string(),
  /** Why it could not start now, in words: quota, suspended, no worker. */
  warnings: z.array(z.string()),
});
export type JobEstimate = z.infer<typeof jobEstimateSchema>;

export const jobEventViewSchema = z.object({
  id: z.string(),
  createdAt: timestampSchema,
  level: z.enum(['info', 'warn', 'error']),
  message: z.string(),
});
export type JobEventView = z.infer<typeof jobEventViewSchema>;
export const listJobEventsInputSchema = jobIdInputSchema.extend({
  cursor: z.string().max(256).optional(),
  limit: z.int().min(1).max(200).default(100),
});

/** jobs.metrics: the whole curve, thinned to at most `maxPoints` (first, last and every validation kept). */
export const jobMetricsInputSchema = jobIdInputSchema.extend({ maxPoints: z.int().min(10).max(5000).default(1000) });

/**
 * jobs.live (subscription): what happened since `lastEventId` (all, without it), then as it happens. Each item is a
 * tracked event whose id resumes it: a page that slept or a gateway that restarted loses nothing.
 */
export const jobLiveInputSchema = jobIdInputSchema.extend({ lastEventId: z.string().max(64).nullish() });
export const jobLiveItemSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('metrics'), metrics: z.array(stepMetricsSchema) }),
  z.object({ type: z.literal('event'), event: jobEventViewSchema }),
  z.object({ type: z.literal('sample'), sample: samplePredictionSchema }),
  z.object({ type: z.literal('job'), job: jobViewSchema }),
]);
export type JobLiveItem = z.infer<typeof jobLiveItemSchema>;

export const compareJobsInputSchema = z.strictObject({ jobIds: z.array(z.string().max(64)).min(1).max(6) });
export const comparedJobSchema = z.object({ job: jobDetailSchema, metrics: z.array(stepMetricsSchema) });
export type ComparedJob = z.infer<typeof comparedJobSchema>;
export const cloneJobInputSchema = jobIdInputSchema;
