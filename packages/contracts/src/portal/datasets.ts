import { z } from 'zod';
import { rowProblemSchema } from '../training-row.ts';
import { pageInputSchema, timestampSchema } from './common.ts';

/** A histogram of whole numbers: `counts[i]` rows have a value in [edges[i], edges[i+1]). */
export const histogramSchema = z.object({ edges: z.array(z.number()), counts: z.array(z.int()) });
export type Histogram = z.infer<typeof histogramSchema>;

/**
 * `counting`: rows are sound, tokens are being counted. `ready`: a job may use it. `invalid`: refused, kept an
 * hour for its problems to be read, then deleted.
 */
export const datasetStatusSchema = z.enum(['counting', 'ready', 'invalid']);

export const datasetViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  format: z.enum(['jsonl', 'csv', 'parquet']),
  status: datasetStatusSchema,
  bytes: z.int(),
  digest: z.string().nullable(),
  rows: z.int(),
  /** Rows of the chat form (`messages`) among them. */
  chatRows: z.int(),
  duplicates: z.int(),
  problems: z.int(),
  /** By the default base model's tokenizer with its chat template; null until counted. */
  tokens: z.object({ total: z.int(), completion: z.int(), longestRow: z.int() }).nullable(),
  createdAt: timestampSchema,
  createdBy: z.string(),
  /** The data set this one was split from. */
  parentId: z.string().nullable(),
});
export type DatasetView = z.infer<typeof datasetViewSchema>;

export const datasetDetailSchema = datasetViewSchema.extend({
  tokensPerRow: histogramSchema.nullable(),
  completionTokensPerRow: histogramSchema.nullable(),
  jobs: z.array(z.object({ id: z.string(), status: z.string(), createdAt: timestampSchema })),
});
export type DatasetDetail = z.infer<typeof datasetDetailSchema>;

export const listDatasetsInputSchema = pageInputSchema.extend({
  sort: z.enum(['newest', 'oldest', 'name', 'largest']).default('newest'),
  status: datasetStatusSchema.optional(),
});
export const datasetIdInputSchema = z.strictObject({ datasetId: z.string().max(64) });
export const datasetProblemsInputSchema = datasetIdInputSchema.extend({
  offset: z.int().min(0).default(0),
  limit: z.int().min(1).max(500).default(100),
});
export const datasetProblemsSchema = z.object({ items: z.array(rowProblemSchema), total: z.int() });
export type DatasetProblems = z.infer<typeof datasetProblemsSchema>;

export const previewRowsInputSchema = datasetIdInputSchema.extend({
  offset: z.int().min(0).default(0),
  limit: z.int().min(1).max(100).default(20),
});
/** A row as the model will see it. `targets` are the ranges [from, to) of `text`, in UTF-16 units, that are trained on. */
export const previewRowSchema = z.object({
  line: z.int(),
  messages: z.array(z.object({ role: z.string(), content: z.string(), weight: z.union([z.literal(0), z.literal(1)]) })),
  text: z.string(),
  targets: z.array(z.tuple([z.int(), z.int()])),
  tokens: z.int().nullable(),
  completionTokens: z.int().nullable(),
});
export type PreviewRow = z.infer<typeof previewRowSchema>;
export const previewRowsSchema = z.object({ rows: z.array(previewRowSchema), total: z.int() });

/** Two new data sets, a seeded shuffle of the rows: `validFraction` of them held out. */
export const splitDatasetInputSchema = datasetIdInputSchema.extend({
  validFraction: z.number().gt(0).lt(1),
  seed: z.int().min(0).max(2_147_483_647).default(0),
  dropDuplicates: z.boolean().default(true),
});
export const splitDatasetSchema = z.object({ train: datasetViewSchema, valid: datasetViewSchema });

/** A data set to start with, that ships with the platform. */
export const sampleDatasetSchema = z.object({
  id: z.string(),
  title: z.string(),
  description: z.string(),
  rows: z.int(),
  licence: z.string(),
});
export type SampleDataset = z.infer<typeof sampleDatasetSchema>;
export const importSampleInputSchema = z.strictObject({ sampleId: z.string().max(64) });

/** What a refused upload answers in `details`: the first problems, and how many there are. */
export const uploadRefusalSchema = z.object({ problems: z.array(rowProblemSchema), total: z.int() });
