import { z } from 'zod';
import { completionUsageSchema } from './openai-common.ts';
import { parapetAnswerSchema } from './openai-completions.ts';
import { generationFields } from './openai-generation.ts';
import type { ChatMessage } from './serve-worker.ts';

const contentSchema = z.union([
  z.string(),
  z.array(z.strictObject({ type: z.literal('text'), text: z.string() })).min(1),
]);

/** A turn. `developer` is the newer name of `system`; text parts are joined as they stand. */
export const requestMessageSchema = z.strictObject({
  role: z.enum(['system', 'developer', 'user', 'assistant']),
  content: contentSchema,
});

const responseFormatSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text') }),
  z.strictObject({ type: z.literal('json_object') }),
  z.strictObject({
    type: z.literal('json_schema'),
    json_schema: z.strictObject({
      name: z.string().regex(/^[\w-]{1,64}$/),
      description: z.string().max(4000).optional(),
      schema: z.record(z.string(), z.unknown()).optional(),
      strict: z.boolean().nullish(),
    }),
  }),
]);

/** Body of POST /v1/chat/completions. */
export const chatCompletionRequestSchema = z
  .strictObject({
    ...generationFields,
    messages: z.array(requestMessageSchema).min(1).max(2048),
    max_completion_tokens: generationFields.max_tokens,
    logprobs: z.boolean().nullish(),
    top_logprobs: z.int().min(0).max(20).nullish(),
    response_format: responseFormatSchema.nullish(),
  })
  .superRefine((body, context) => {
    if (body.top_logprobs != null && !body.logprobs) {
      context.addIssue({ code: 'custom', path: ['top_logprobs'], message: 'only allowed when logprobs is true' });
    }
    if (body.stream_options && !body.stream) {
      context.addIssue({ code: 'custom', path: ['stream_options'], message: 'only allowed when stream is true' });
    }
  });
export type ChatCompletionRequest = z.infer<typeof chatCompletionRequestSchema>;

export function toChatMessages(messages: ChatCompletionRequest['messages']): ChatMessage[] {
  return messages.map(({ role, content }) => ({
    role: role === 'developer' ? 'system' : role,
    content: typeof content === 'string' ? content : content.map((part) => part.text).join(''),
  }));
}

/** The JSON schema that the answer must obey; `{}` = any object; null = free text. */
export function toJsonSchema(format: ChatCompletionRequest['response_format']): Record<string, unknown> | null {
  if (format == null || format.type === 'text') return null;
  return format.type === 'json_object' ? {} : (format.json_schema.schema ?? {});
}

const chatTokenSchema = z.object({ token: z.string(), logprob: z.number(), bytes: z.array(z.int()) });
export const chatLogprobsSchema = z.object({
  content: z.array(chatTokenSchema.extend({ top_logprobs: z.array(chatTokenSchema) })),
  refusal: z.null(),
});
export type ChatLogprobs = z.infer<typeof chatLogprobsSchema>;

const finishReason = z.enum(['stop', 'length']);

export const chatCompletionSchema = z.object({
  id: z.string(),
  object: z.literal('chat.completion'),
  created: z.int(),
  model: z.string(),
  choices: z.array(
    z.object({
      index: z.int(),
      message: z.object({ role: z.literal('assistant'), content: z.string(), refusal: z.null() }),
      logprobs: chatLogprobsSchema.nullable(),
      finish_reason: finishReason,
    }),
  ),
  usage: completionUsageSchema,
  parapet: parapetAnswerSchema.optional(),
});
export type ChatCompletion = z.infer<typeof chatCompletionSchema>;

export const chatCompletionChunkSchema = z.object({
  id: z.string(),
  object: z.literal('chat.completion.chunk'),
  created: z.int(),
  model: z.string(),
  choices: z.array(
    z.object({
      index: z.int(),
      delta: z.object({ role: z.literal('assistant').optional(), content: z.string().optional() }),
      logprobs: chatLogprobsSchema.nullable(),
      finish_reason: finishReason.nullable(),
    }),
  ),
  usage: completionUsageSchema.nullable().optional(),
  parapet: parapetAnswerSchema.optional(),
});
export type ChatCompletionChunk = z.infer<typeof chatCompletionChunkSchema>;
