import { z } from 'zod';
import { activationSchema, adapterMethodSchema, paraTargetsSchema, poolerSchema } from './adapter.ts';
import { idSchema } from './ids.ts';
import { listQuerySchema, metadataSchema } from './openai-common.ts';

const autoOr = <T extends z.ZodType>(value: T) => z.union([z.literal('auto'), value]);

export const hyperparametersSchema = z.strictObject({
  n_epochs: autoOr(z.int().min(1).max(50)).optional(),
  batch_size: autoOr(z.int().min(1).max(256)).optional(),
  learning_rate_multiplier: autoOr(z.number().positive().max(1000)).optional(),
});
export type Hyperparameters = z.infer<typeof hyperparametersSchema>;

/** Our own choices, under `parapet`; what is absent is the recipe's default. */
export const parapetFineTuningSchema = z.strictObject({
  method: adapterMethodSchema.optional(),
  targets: paraTargetsSchema.optional(),
  bias: z.boolean().optional(),
  rank: z.int().min(1).max(256).optional(),
  pooler: poolerSchema.optional(),
  activation: activationSchema.optional(),
  max_steps: z.int().min(1).max(1_000_000).optional(),
  early_stopping_patience: z.int().min(1).max(100).optional(),
  /** Name of an adapter (`ft:…`) of the same base and shape to start from. */
  warm_start_from: z.string().max(256).optional(),
});

/** Body of POST /v1/fine_tuning/jobs. */
export const createFineTuningJobSchema = z.strictObject({
  model: z.string().min(1).max(256),
  training_file: idSchema('dataset'),
  validation_file: idSchema('dataset').nullish(),
  suffix: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, 'must be letters, digits, dots, dashes and underscores')
    .nullish(),
  seed: z.int().min(0).max(2_147_483_647).nullish(),
  method: z
    .strictObject({
      type: z.literal('supervised'),
      supervised: z.strictObject({ hyperparameters: hyperparametersSchema.optional() }).optional(),
    })
    .nullish(),
  /** The older place of the same. */
  hyperparameters: hyperparametersSchema.nullish(),
  metadata: metadataSchema.nullish(),
  parapet: parapetFineTuningSchema.nullish(),
});
export type CreateFineTuningJob = z.infer<typeof createFineTuningJobSchema>;

export const fineTuningStatusSchema = z.enum([
  'validating_files',
  'queued',
  'running',
  'paused',
  'succeeded',
  'failed',
  'cancelled',
]);
export type FineTuningStatus = z.infer<typeof fineTuningStatusSchema>;

const resolvedHyperparameters = z.object({
  n_epochs: autoOr(z.number()),
  batch_size: autoOr(z.number()),
  learning_rate_multiplier: autoOr(z.number()),
});

export const fineTuningJobSchema = z.object({
  id: z.string(),
  object: z.literal('fine_tuning.job'),
  created_at: z.int(),
  finished_at: z.int().nullable(),
  estimated_finish: z.int().nullable(),
  model: z.string(),
  fine_tuned_model: z.string().nullable(),
  organization_id: z.string(),
  status: fineTuningStatusSchema,
  training_file: z.string(),
  validation_file: z.string().nullable(),
  result_files: z.array(z.string()),
  trained_tokens: z.int().nullable(),
  seed: z.int(),
  hyperparameters: resolvedHyperparameters,
  method: z.object({
    type: z.literal('supervised'),
    supervised: z.object({ hyperparameters: resolvedHyperparameters }),
  }),
  error: z.object({ code: z.string(), message: z.string(), param: z.string().nullable() }).nullable(),
  integrations: z.array(z.never()),
  metadata: metadataSchema.nullable(),
  suffix: z.string().nullable(),
});
export type FineTuningJobObject = z.infer<typeof fineTuningJobSchema>;

export const fineTuningEventSchema = z.object({
  id: z.string(),
  object: z.literal('fine_tuning.job.event'),
  created_at: z.int(),
  level: z.enum(['info', 'warn', 'error']),
  message: z.string(),
  type: z.enum(['message', 'metrics']),
  data: z.record(z.string(), z.unknown()),
});
export type FineTuningEvent = z.infer<typeof fineTuningEventSchema>;

export const fineTuningCheckpointSchema = z.object({
  id: z.string(),
  object: z.literal('fine_tuning.job.checkpoint'),
  created_at: z.int(),
  fine_tuned_model_checkpoint: z.string(),
  fine_tuning_job_id: z.string(),
  step_number: z.int(),
  /** What was not measured at that step is absent. */
  metrics: z.object({
    step: z.number().optional(),
    train_loss: z.number().optional(),
    train_mean_token_accuracy: z.number().optional(),
    valid_loss: z.number().optional(),
    valid_mean_token_accuracy: z.number().optional(),
    full_valid_loss: z.number().optional(),
    full_valid_mean_token_accuracy: z.number().optional(),
  }),
});
export type FineTuningCheckpoint = z.infer<typeof fineTuningCheckpointSchema>;

/** Query of GET /v1/fine_tuning/jobs. */
export const jobListQuerySchema = listQuerySchema;
