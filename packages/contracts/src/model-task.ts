/**
 * Work on a base model that an admin asks for and a serve worker that has the model does, one at a time for a model.
 * HTTP with `Authorization: Bearer <worker token>`; calls about a task carry its fencing token, and one with an old
 * token gets 409 `stale_lease`: the worker then drops the task.
 *
 *   POST /internal/model-tasks/lease         ModelTaskLeaseRequest → ModelTaskLease | 204 (nothing to do)
 *   POST /internal/model-tasks/:id/progress  ModelTaskProgress → 204, and the lease is renewed
 *   POST /internal/model-tasks/:id/finish    ModelTaskFinish → 204
 */
import { z } from 'zod';
import { digestSchema } from './ids.ts';

export const modelTaskKindSchema = z.enum(['verify', 'quantise']);
export type ModelTaskKind = z.infer<typeof modelTaskKindSchema>;

/** What weights can be quantised to: 8 bits from any file, the 4 bits of a Q4_1 file as they are. */
export const quantisedWeightsSchema = z.enum(['int8', 'q4']);
export type QuantisedWeights = z.infer<typeof quantisedWeightsSchema>;

export const modelFileSchema = z.object({
  name: z.string().max(255),
  bytes: z.int().min(0),
  sha256: digestSchema,
});
export type ModelFile = z.infer<typeof modelFileSchema>;

/** Where a verification is; each is some seconds of a small model. */
export const modelTaskStepSchema = z.enum([
  'files',
  'tensors',
  'tokenizer',
  'answer',
  'export',
  'reference',
  'compare',
]);
export type ModelTaskStep = z.infer<typeof modelTaskStepSchema>;

export const verifyResultSchema = z.object({
  kind: z.literal('verify'),
  files: z.array(modelFileSchema).max(1000),
  /** What the files were held against: the digests of our registry, of an earlier verification, or none yet. */
  against: z.enum(['registry', 'earlier', 'none']),
  /** Over config and weights, as adapters name their base. */
  digest: digestSchema,
  parameters: z.int(),
  contextTokens: z.int(),
  tensors: z.int(),
  /** Texts that came back unchanged from the tokenizer. */
  texts: z.int(),
  question: z.string().max(500),
  /** The first tokens of its greedy answer. */
  answer: z.string().max(2000),
  ms: z.int(),
});
export type VerifyResult = z.infer<typeof verifyResultSchema>;

export const quantiseResultSchema = z.object({
  kind: z.literal('quantise'),
  weights: quantisedWeightsSchema,
  /** Of the file that a worker maps, and of the same in 32 bits. */
  bytes: z.int(),
  fp32Bytes: z.int(),
  /** Next tokens that were compared. */
  positions: z.int(),
  /** Share of them for which the likeliest token is that of 32 bits. */
  agreement: z.number().min(0).max(1),
  perplexity: z.number(),
  fp32Perplexity: z.number(),
  ms: z.int(),
});
export type QuantiseResult = z.infer<typeof quantiseResultSchema>;

export const modelTaskResultSchema = z.discriminatedUnion('kind', [verifyResultSchema, quantiseResultSchema]);
export type ModelTaskResult = z.infer<typeof modelTaskResultSchema>;

export const modelTaskLeaseRequestSchema = z.strictObject({
  worker: z.string().max(128),
  /** The base model that it has. */
  baseDigest: digestSchema,
});
export type ModelTaskLeaseRequest = z.infer<typeof modelTaskLeaseRequestSchema>;

export const modelTaskLeaseSchema = z.object({
  taskId: z.string(),
  fencingToken: z.int(),
  kind: modelTaskKindSchema,
  /** The base model's name. */
  model: z.string(),
  /** What to quantise to; null when it verifies. */
  weights: quantisedWeightsSchema.nullable(),
  /** The folder to verify where the worker's own is not meant: a model that no worker has loaded yet. */
  path: z.string().nullable(),
  /** As it is known; null before the first worker or verification. */
  baseDigest: digestSchema.nullable(),
  /** Of the last verification that passed. */
  recordedFiles: z.array(modelFileSchema).nullable(),
});
export type ModelTaskLease = z.infer<typeof modelTaskLeaseSchema>;

const fenced = { fencingToken: z.int() };

export const modelTaskProgressSchema = z.strictObject({
  ...fenced,
  step: modelTaskStepSchema,
  /** Of this step, 0 to 1. */
  done: z.number().min(0).max(1),
});
export type ModelTaskProgress = z.infer<typeof modelTaskProgressSchema>;

export const modelTaskFinishSchema = z.strictObject({
  ...fenced,
  outcome: z.discriminatedUnion('status', [
    z.strictObject({ status: z.literal('succeeded'), result: modelTaskResultSchema }),
    /** What is wrong, and what to do about it. */
    z.strictObject({ status: z.literal('failed'), error: z.string().max(2000) }),
  ]),
});
export type ModelTaskFinish = z.infer<typeof modelTaskFinishSchema>;
