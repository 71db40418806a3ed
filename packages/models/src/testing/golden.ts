import { readFileSync } from 'node:fs';
import { z } from 'zod';

const greedyRowSchema = z.object({
  messages: z.array(z.object({ role: z.literal('user'), content: z.string() })).optional(),
  text: z.string().optional(),
  prompt_tokens: z.array(z.int()),
  /** The greedy continuation, end-of-turn tokens included. */
  tokens: z.array(z.int()),
  text_out: z.string(),
  /** Smallest distance between the best and the second logit on the way. */
  smallest_margin: z.number(),
  first_logits: z.object({
    /** The largest, `[token id, logit]`. */
    top: z.array(z.tuple([z.int(), z.number()])),
    /** Every `sample_stride`-th logit. */
    sample: z.array(z.number()),
    sum: z.number(),
  }),
});
export type GreedyRow = z.infer<typeof greedyRowSchema>;

const greedySchema = z.object({
  /** Of the .gguf file; the numbers hold for these weights only. */
  model_sha256: z.string(),
  sample_stride: z.int(),
  rows: z.array(greedyRowSchema),
});

/** 20 prompts continued by `transformers` in fp32 (tooling/golden/make_greedy.py). */
export function goldenGreedy(): z.infer<typeof greedySchema> {
  return greedySchema.parse(readGolden('greedy.json'));
}

const tokensSchema = z.object({
  model_sha256: z.string(),
  cases: z.array(z.object({ text: z.string(), ids: z.array(z.int()), decoded: z.string() })),
});

/** Hard strings through the Rust tokenizers (tooling/golden/make_tokens.py). */
export function goldenTokens(): z.infer<typeof tokensSchema> {
  return tokensSchema.parse(readGolden('tokens.json'));
}

function readGolden(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../golden/${name}`, import.meta.url), 'utf8'));
}
