/**
 * The wire between train worker and gateway: the worker asks, the gateway answers.
 * HTTP with `Authorization: Bearer <worker token>`; every call about a job carries its fencing token, and a
 * call with an old one gets 409 `stale_lease`: the worker then drops the job at once and touches nothing.
 *
 *   POST /internal/train/lease                 LeaseRequest → TrainingLease | 204 (nothing to do)
 *   POST /internal/train/jobs/:id/heartbeat    FencedHeartbeat → LeaseVerdict
 *   POST /internal/train/jobs/:id/events       TrainingEvents → 204
 *   POST /internal/train/jobs/:id/checkpoints  CheckpointReport → 204  (blobs are uploaded before)
 *   POST /internal/train/jobs/:id/finish       FinishReport → 204      (likewise)
 *   GET  /internal/blobs/:digest               bytes
 *   PUT  /internal/blobs/:digest               bytes → 201 | 200 (was there); 422 if the digest is another's
 */
import { z } from 'zod';
import { digestSchema } from './ids.ts';
import { recipeSchema, samplePredictionSchema, stepMetricsSchema } from './recipe.ts';

export const leaseRequestSchema = z.strictObject({
  workerName: z.string().max(128),
  device: z.strictObject({ kind: z.enum(['cpu', 'webgpu', 'cuda']), name: z.string() }),
  /** Base models whose weights this worker has. */
  baseDigests: z.array(digestSchema).min(1),
});
export type LeaseRequest = z.infer<typeof leaseRequestSchema>;

export const trainingLeaseSchema = z.object({
  jobId: z.string(),
  tenantId: z.string(),
  /** Grows with every lease of the job. */
  fencingToken: z.int(),
  /** The lease is lost this long after the last heartbeat. */
  ttlMs: z.int(),
  baseModel: z.string(),
  baseDigest: digestSchema,
  recipe: recipeSchema,
  trainFile: digestSchema,
  /** null = no validation file; then nothing is held out. */
  validFile: digestSchema.nullable(),
  /** Where to go on, from the last lease. */
  resumeFrom: z.object({ step: z.int(), stateDigest: digestSchema }).nullable(),
});
export type TrainingLease = z.infer<typeof trainingLeaseSchema>;

const fenced = { fencingToken: z.int() };

export const fencedHeartbeatSchema = z.strictObject({
  ...fenced,
  /** Device time used under this lease so far. */
  deviceMicros: z.int().min(0),
  step: z.int().min(0),
});
export type FencedHeartbeat = z.infer<typeof fencedHeartbeatSchema>;

/** `pause` and `cancel`: write a checkpoint (pause only), finish with that outcome. */
export const leaseVerdictSchema = z.object({ action: z.enum(['continue', 'pause', 'cancel']) });
export type LeaseVerdict = z.infer<typeof leaseVerdictSchema>;

export const trainingEventsSchema = z.strictObject({
  ...fenced,
  metrics: z.array(stepMetricsSchema).max(1000).default([]),
  messages: z
    .array(z.object({ level: z.enum(['info', 'warn', 'error']), message: z.string().max(4000) }))
    .max(100)
    .default([]),
  samples: z.array(samplePredictionSchema).max(50).default([]),
});
export type TrainingEvents = z.infer<typeof trainingEventsSchema>;

export const checkpointReportSchema = z.strictObject({
  ...fenced,
  step: z.int(),
  /** The trainer's whole state, to resume from. */
  stateDigest: digestSchema,
  /** The adapter as it is at this step, callable as `…:ckpt-step-N`; null = a state only. */
  adapterDigest: digestSchema.nullable(),
  metrics: stepMetricsSchema.nullable(),
});
export type CheckpointReport = z.infer<typeof checkpointReportSchema>;

export const finishReportSchema = z.strictObject({
  ...fenced,
  deviceMicros: z.int().min(0),
  outcome: z.discriminatedUnion('status', [
    z.strictObject({
      status: z.literal('succeeded'),
      adapterDigest: digestSchema,
      steps: z.int(),
      trainedTokens: z.int(),
      finalMetrics: stepMetricsSchema,
      bestStep: z.int(),
      stoppedEarly: z.boolean(),
    }),
    z.strictObject({ status: z.literal('paused') }),
    z.strictObject({ status: z.literal('cancelled') }),
    z.strictObject({
      status: z.literal('failed'),
      error: z.strictObject({ code: z.string(), message: z.string(), param: z.string().nullable() }),
    }),
  ]),
});
export type FinishReport = z.infer<typeof finishReportSchema>;
