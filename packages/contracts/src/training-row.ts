import { z } from 'zod';
import { chatMessageSchema } from './serve-worker.ts';

/** A row of a training file, as every reader (JSONL, CSV, Parquet) gives it. */
export const trainingMessageSchema = chatMessageSchema.extend({
  /** 0 = this assistant turn is context, not target. */
  weight: z.union([z.literal(0), z.literal(1)]).optional(),
});
export const chatRowSchema = z.strictObject({ messages: z.array(trainingMessageSchema).min(1) });
export const completionRowSchema = z.strictObject({ prompt: z.string(), completion: z.string() });
export const trainingRowSchema = z.union([chatRowSchema, completionRowSchema]);
export type TrainingMessage = z.infer<typeof trainingMessageSchema>;
export type TrainingRow = z.infer<typeof trainingRowSchema>;

/** A prompt-completion row means the one-turn chat: what is trained is what /v1/chat/completions will be asked. */
export function asMessages(row: TrainingRow): TrainingMessage[] {
  if ('messages' in row) return row.messages;
  return [
    { role: 'user', content: row.prompt },
    { role: 'assistant', content: row.completion },
  ];
}

/** Codes of what can be wrong with a line; the first eight are OpenAI's own. */
export const rowProblemCodes = [
  'data_type',
  'missing_messages_list',
  'message_missing_key',
  'message_unrecognized_key',
  'unrecognized_role',
  'missing_content',
  'example_missing_assistant_message',
  'too_few_rows',
  'invalid_json',
  'json_array_not_lines',
  'invalid_encoding',
  'unrecognized_key',
  'missing_prompt_or_completion',
  'empty_completion',
  'row_too_long',
  'duplicate_row',
  'line_too_long',
  'missing_column',
] as const;
export type RowProblemCode = (typeof rowProblemCodes)[number];

export const rowProblemSchema = z.object({
  /** 1-based; 0 = the file as a whole. */
  line: z.int(),
  code: z.enum(rowProblemCodes),
  message: z.string(),
  severity: z.enum(['error', 'warning']),
});
export type RowProblem = z.infer<typeof rowProblemSchema>;
