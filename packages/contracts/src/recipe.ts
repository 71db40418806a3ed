import { z } from 'zod';
import { adapterConfigSchema } from './adapter.ts';
import { digestSchema } from './ids.ts';

/** A training recipe with every choice made ("auto" is resolved before a job is queued): same recipe, same adapter. */
export const recipeSchema = z.strictObject({
  adapter: adapterConfigSchema,
  epochs: z.number().positive().max(50),
  /** Overrides epochs when set. */
  maxSteps: z.int().positive().max(1_000_000).nullable().default(null),
  /** Rows an optimiser step (gradient accumulation splits it into micro-batches). */
  batchSize: z.int().min(1).max(256),
  learningRate: z.number().positive().max(1),
  warmupRatio: z.number().min(0).max(1).default(0.06),
  weightDecay: z.number().min(0).max(1).default(0),
  clipNorm: z.number().positive().default(1),
  /** Longer rows are refused at validation, not cut. */
  maxSequenceTokens: z.int().min(16).max(8192).default(1024),
  /** Validations without improvement before it stops; null = never stops early. */
  earlyStoppingPatience: z.int().min(1).max(100).nullable().default(null),
  seed: z.int().min(0).max(2_147_483_647),
  /** An adapter of the same base and config to start from. */
  warmStartDigest: digestSchema.nullable().default(null),
});
export type Recipe = z.infer<typeof recipeSchema>;

/** One line of metrics, sent at every optimiser step. */
export const stepMetricsSchema = z.object({
  step: z.int().min(0),
  totalSteps: z.int().positive(),
  epoch: z.number().min(0),
  trainLoss: z.number(),
  trainTokenAccuracy: z.number(),
  learningRate: z.number(),
  gradNorm: z.number(),
  /** Tokens (prompt and completion, no padding) trained on a second. */
  tokensPerSecond: z.number(),
  /** Tokens trained on so far, no padding. */
  trainedTokens: z.int(),
  etaSeconds: z.number(),
  memoryBytes: z.number(),
  validLoss: z.number().nullable().default(null),
  validTokenAccuracy: z.number().nullable().default(null),
});
export type StepMetrics = z.infer<typeof stepMetricsSchema>;

/** A held-out row answered by the base model and by the adapter. */
export const samplePredictionSchema = z.object({
  step: z.int(),
  prompt: z.string(),
  expected: z.string(),
  base: z.string(),
  adapted: z.string(),
});
export type SamplePrediction = z.infer<typeof samplePredictionSchema>;
