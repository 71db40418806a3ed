import { z } from 'zod';
import { completionUsageSchema } from './openai-common.ts';
import { generationFields, maxChoices } from './openai-generation.ts';
import type { EnginePrompt } from './serve-worker.ts';

const tokenIds = z
  .array(
    z
      .int()
      .min(0)
      .max(2 ** 31 - 1),
  )
  .min(1);

/** Body of POST /v1/completions. */
export const completionRequestSchema = z
  .strictObject({
    ...generationFields,
    prompt: z.union([
      z.string(),
      z.array(z.string()).min(1).max(maxChoices),
      tokenIds,
      z.array(tokenIds).min(1).max(maxChoices),
    ]),
    echo: z.boolean().nullish(),
    /** Alternatives to report a token. */
    logprobs: z.int().min(0).max(20).nullish(),
  })
  .superRefine((body, context) => {
    const prompts = toPrompts(body.prompt).length;
    if (prompts * (body.n ?? 1) > maxChoices) {
      context.addIssue({ code: 'custom', path: ['n'], message: `prompts × n must be at most ${maxChoices}` });
    }
    if (body.stream_options && !body.stream) {
      context.addIssue({ code: 'custom', path: ['stream_options'], message: 'only allowed when stream is true' });
    }
  });
export type CompletionRequest = z.infer<typeof completionRequestSchema>;

/** OpenAI's default where a completion names none. */
export const defaultCompletionTokens = 16;

/** The four forms of `prompt` as a list of the engine's prompts. */
export function toPrompts(prompt: CompletionRequest['prompt']): EnginePrompt[] {
  if (typeof prompt === 'string') return [{ kind: 'text', text: prompt }];
  if (typeof prompt[0] === 'number') return [{ kind: 'tokens', tokens: prompt as number[] }];
  return (prompt as (string | number[])[]).map((one) =>
    typeof one === 'string' ? { kind: 'text', text: one } : { kind: 'tokens', tokens: one },
  );
}

export const completionLogprobsSchema = z.object({
  tokens: z.array(z.string()),
  /** The first prompt token of an echo has none. */
  token_logprobs: z.array(z.number().nullable()),
  top_logprobs: z.array(z.record(z.string(), z.number()).nullable()),
  text_offset: z.array(z.int()),
});
export type CompletionLogprobs = z.infer<typeof completionLogprobsSchema>;

export const completionChoiceSchema = z.object({
  text: z.string(),
  index: z.int(),
  logprobs: completionLogprobsSchema.nullable(),
  finish_reason: z.enum(['stop', 'length']).nullable(),
});
export type CompletionChoice = z.infer<typeof completionChoiceSchema>;

/** What `parapet.vectors: "digest"` adds: SHA-256 of the vectors, one a prompt; null for the base model. */
export const parapetAnswerSchema = z.object({ vectors_sha256: z.array(z.string().nullable()) });

/** The answer, and each chunk of a stream (which carry `usage: null` before the last when usage was asked for). */
export const completionSchema = z.object({
  id: z.string(),
  object: z.literal('text_completion'),
  created: z.int(),
  model: z.string(),
  choices: z.array(completionChoiceSchema),
  usage: completionUsageSchema.nullable().optional(),
  parapet: parapetAnswerSchema.optional(),
});
export type Completion = z.infer<typeof completionSchema>;
