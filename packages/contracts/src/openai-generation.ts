/** What the bodies of /v1/completions and /v1/chat/completions share. */
import { z } from 'zod';
import { adapterStrengthSchema } from './adapter.ts';
import { metadataSchema } from './openai-common.ts';
import type { Sampling } from './serve-worker.ts';

/** Completions that one request may ask for: prompts × n. */
export const maxChoices = 64;

const stopSchema = z.union([z.string().min(1).max(256), z.array(z.string().min(1).max(256)).min(1).max(4)]);

/** Our own fields, under `parapet`. */
export const parapetGenerationSchema = z.strictObject({
  adapter_strength: adapterStrengthSchema.optional(),
  vectors: z.literal('digest').optional(),
});

/** Shared parameters; a null means the same as an absent one, since clients send both. */
export const generationFields = {
  model: z.string().min(1).max(256),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  n: z.int().min(1).max(16).nullish(),
  stop: stopSchema.nullish(),
  seed: z
    .int()
    .min(-(2 ** 53) + 1)
    .max(2 ** 53 - 1)
    .nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  logit_bias: z
    .record(z.string().regex(/^\d{1,9}$/, 'keys must be token ids'), z.number().min(-100).max(100))
    .refine((bias) => Object.keys(bias).length <= 300, 'must name at most 300 tokens')
    .nullish(),
  max_tokens: z.int().min(1).max(1_000_000).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.strictObject({ include_usage: z.boolean().optional() }).nullish(),
  user: z.string().max(256).nullish(),
  metadata: metadataSchema.nullish(),
  parapet: parapetGenerationSchema.nullish(),
} as const;

interface SharedParameters {
  temperature?: number | null;
  top_p?: number | null;
  presence_penalty?: number | null;
  frequency_penalty?: number | null;
  logit_bias?: Record<string, number> | null;
  seed?: number | null;
  stop?: string | string[] | null;
}

/** OpenAI's sampling parameters as the engine's, with OpenAI's defaults. */
export function toSampling(body: SharedParameters): Sampling {
  return {
    temperature: body.temperature ?? 1,
    topP: body.top_p ?? 1,
    topK: 0,
    minP: 0,
    presencePenalty: body.presence_penalty ?? 0,
    frequencyPenalty: body.frequency_penalty ?? 0,
    logitBias: body.logit_bias ?? {},
    seed: body.seed ?? null,
  };
}

export const toStopList = (stop: string | string[] | null | undefined): string[] =>
  stop == null ? [] : typeof stop === 'string' ? [stop] : stop;
