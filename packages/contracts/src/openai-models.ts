import { z } from 'zod';
import { pageSchema } from './openai-common.ts';

/** A base model or an adapter that the caller may use. */
export const modelSchema = z.object({
  id: z.string(),
  object: z.literal('model'),
  created: z.int(),
  /** `parapet` for a base model, the organisation's id for an adapter. */
  owned_by: z.string(),
});
export type Model = z.infer<typeof modelSchema>;
export const modelListSchema = pageSchema(modelSchema).pick({ object: true, data: true });
