import { z } from 'zod';

/** Largest training file. */
export const maxFileBytes = 512 * 1024 * 1024;

export const filePurposeSchema = z.enum(['fine-tune', 'fine-tune-results']);

export const fileObjectSchema = z.object({
  id: z.string(),
  object: z.literal('file'),
  bytes: z.int(),
  created_at: z.int(),
  filename: z.string(),
  purpose: filePurposeSchema,
  status: z.enum(['uploaded', 'processed', 'error']),
  status_details: z.string().nullable(),
});
export type FileObject = z.infer<typeof fileObjectSchema>;

/** Query of GET /v1/files. */
export const fileListQuerySchema = z.strictObject({
  after: z.string().max(128).optional(),
  limit: z.coerce.number().int().min(1).max(10_000).default(10_000),
  order: z.enum(['asc', 'desc']).default('desc'),
  purpose: filePurposeSchema.optional(),
});
export type FileListQuery = z.infer<typeof fileListQuerySchema>;
