import { z } from 'zod';

/** Milliseconds since 1970, UTC. */
export const timestampSchema = z.int().min(0);

/** Money: millionths of the price list's currency unit. */
export const moneyMicrosSchema = z.int();

/** Cursor pages: `cursor` is the last page's `nextCursor`, as it came. */
export const pageInputSchema = z.strictObject({
  cursor: z.string().max(256).optional(),
  limit: z.int().min(1).max(200).default(50),
  search: z.string().trim().max(200).optional(),
});
export type PageInput = z.infer<typeof pageInputSchema>;

/** For lists of what happened, by time. */
export const timeOrderSchema = z.enum(['newest', 'oldest']).default('newest');

/** One page of a list; `nextCursor` null = the end. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}
export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

/** Who did it: a person, an API key, a service account, a platform admin or the platform itself. */
export const actorViewSchema = z.object({
  kind: z.enum(['user', 'api_key', 'service_account', 'admin', 'system']),
  id: z.string(),
  name: z.string(),
});
export type ActorView = z.infer<typeof actorViewSchema>;

/** A time range [from, to) in milliseconds. */
export const rangeInputSchema = z.strictObject({ from: timestampSchema, to: timestampSchema });

/** A file to save, small enough to travel as text. */
export const textFileViewSchema = z.object({ fileName: z.string(), contentType: z.string(), content: z.string() });
export type TextFileView = z.infer<typeof textFileViewSchema>;
