import { z } from 'zod';
import { adapterConfigSchema, linearNameSchema } from '../adapter.ts';
import { recipeSchema, samplePredictionSchema, stepMetricsSchema } from '../recipe.ts';
import { pageInputSchema, timestampSchema } from './common.ts';

export const adapterVersionViewSchema = z.object({
  id: z.string(),
  version: z.int(),
  digest: z.string(),
  /** Callable name of this very version. */
  model: z.string(),
  bytes: z.int(),
  config: adapterConfigSchema,
  parameters: z.int(),
  origin: z.enum(['job', 'import', 'checkpoint']),
  createdAt: timestampSchema,
  createdBy: z.string(),
  trainLoss: z.number().nullable(),
  validLoss: z.number().nullable(),
});
export type AdapterVersionView = z.infer<typeof adapterVersionViewSchema>;

export const adapterAliasViewSchema = z.object({
  name: z.string(),
  versionId: z.string(),
  version: z.int(),
  /** Where it pointed before: what "back" goes to. */
  previousVersionId: z.string().nullable(),
  /** Callable: ft:{base}:{slug}:{suffix}:{alias}. */
  model: z.string(),
  movedAt: timestampSchema,
  movedBy: z.string(),
});
export type AdapterAliasView = z.infer<typeof adapterAliasViewSchema>;

export const adapterViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  baseModel: z.string(),
  baseDigest: z.string(),
  latest: adapterVersionViewSchema.nullable(),
  versions: z.int(),
  aliases: z.array(adapterAliasViewSchema),
  bytes: z.int(),
  createdAt: timestampSchema,
});
export type AdapterView = z.infer<typeof adapterViewSchema>;

export const adapterDetailSchema = adapterViewSchema.extend({ versionList: z.array(adapterVersionViewSchema) });
export type AdapterDetail = z.infer<typeof adapterDetailSchema>;

/** Data → job → adapter, by digest, so that the same version can be made again. */
export const lineageViewSchema = z.object({
  versionId: z.string(),
  dataset: z.object({ id: z.string().nullable(), name: z.string(), digest: z.string() }).nullable(),
  validation: z.object({ id: z.string().nullable(), name: z.string(), digest: z.string() }).nullable(),
  job: z.object({ id: z.string(), seed: z.int(), steps: z.int(), finishedAt: timestampSchema }).nullable(),
  recipe: recipeSchema.nullable(),
  base: z.object({ name: z.string(), digest: z.string() }),
  parent: z.object({ versionId: z.string(), digest: z.string() }).nullable(),
});
export type LineageView = z.infer<typeof lineageViewSchema>;

export const evaluationCardSchema = z.object({
  versionId: z.string(),
  finalMetrics: stepMetricsSchema.nullable(),
  bestStep: z.int().nullable(),
  stoppedEarly: z.boolean().nullable(),
  samples: z.array(samplePredictionSchema),
});
export type EvaluationCard = z.infer<typeof evaluationCardSchema>;

/** Mean |L − 1| a layer and linear, for one prompt: what the prompt changed. `values[layer][linear]`. */
export const vectorsViewSchema = z.object({
  linears: z.array(linearNameSchema),
  values: z.array(z.array(z.number())),
  largest: z.number(),
});
export type VectorsView = z.infer<typeof vectorsViewSchema>;

export const listAdaptersInputSchema = pageInputSchema.extend({
  sort: z.enum(['newest', 'oldest', 'name']).default('newest'),
});
export const adapterIdInputSchema = z.strictObject({ adapterId: z.string().max(64) });
export const versionIdInputSchema = z.strictObject({ versionId: z.string().max(64) });
export const moveAliasInputSchema = z.strictObject({
  adapterId: z.string().max(64),
  alias: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be 1 to 32 lower-case letters, digits or hyphens'),
  versionId: z.string().max(64),
});
export const aliasInputSchema = moveAliasInputSchema.omit({ versionId: true });
export const renameAdapterInputSchema = adapterIdInputSchema.extend({ name: z.string().trim().min(1).max(80) });
export const adapterVectorsInputSchema = z.strictObject({
  versionId: z.string().max(64),
  prompt: z.string().min(1).max(16_000),
});
