import { z } from 'zod';
import type { GenerateUsage } from './serve-worker.ts';

/** Sixteen pairs of short strings that a caller hangs on an object. */
export const metadataSchema = z
  .record(z.string().min(1).max(64), z.string().max(512))
  .refine((pairs) => Object.keys(pairs).length <= 16, 'must have at most 16 keys');

/** Seconds since 1970. */
export const unixSeconds = (at: Date | number): number => Math.floor(Number(at) / 1000);

export const completionUsageSchema = z.object({
  prompt_tokens: z.int(),
  completion_tokens: z.int(),
  total_tokens: z.int(),
  prompt_tokens_details: z.object({ cached_tokens: z.int() }),
  completion_tokens_details: z.object({ reasoning_tokens: z.int() }),
});
export type CompletionUsage = z.infer<typeof completionUsageSchema>;

/** Sums what the prompts of one request used. */
export function toCompletionUsage(usages: readonly GenerateUsage[]): CompletionUsage {
  let prompt = 0;
  let cached = 0;
  let completion = 0;
  for (const usage of usages) {
    prompt += usage.promptTokens;
    cached += usage.cachedTokens;
    completion += usage.completionTokens;
  }
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: cached },
    completion_tokens_details: { reasoning_tokens: 0 },
  };
}

/** Cursor paging of every list: objects after the one of id `after`, newest first. */
export const listQuerySchema = z.strictObject({
  after: z.string().max(128).optional(),
  limit: z.coerce.number().int().min(1).max(100).optional(),
});
export type ListQuery = z.infer<typeof listQuerySchema>;

/** A page as the official clients read it: they go on with `after` = the last object's id while `has_more`. */
export function pageSchema<T extends z.ZodType>(item: T) {
  return z.object({
    object: z.literal('list'),
    data: z.array(item),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
    has_more: z.boolean(),
  });
}
export interface Page<T> {
  object: 'list';
  data: T[];
  first_id: string | null;
  last_id: string | null;
  has_more: boolean;
}

export function toPage<T extends { id: string }>(data: T[], hasMore: boolean): Page<T> {
  return {
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: hasMore,
  };
}

/** Answer of every DELETE. */
export const deletedSchema = z.object({ id: z.string(), object: z.string(), deleted: z.literal(true) });
