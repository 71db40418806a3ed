import { ParapetError } from '@parapet/contracts/errors';
import { asMessages, type TrainingRow } from '@parapet/contracts/training-row';
import type { BaseModel } from '@parapet/models/open';

/** One answer to learn: a prompt, as it will be served, and the completion that is to follow it. */
export interface TrainingSequence {
  /** Prompt and completion, the token that ends the turn included. */
  tokens: Int32Array;
  /** Length of the prompt; what is behind it is learned, what is in it feeds the generator's pool. */
  promptTokens: number;
  /** 0-based row of the file it came from. */
  row: number;
}

/** What rows are encoded with. */
export type RowEncoder = Pick<BaseModel, 'tokenizer' | 'chatTemplate'>;

/**
 * A row's sequences: one for each assistant turn that counts (`weight` not 0), with all that was said before it as
 * prompt. That is what serving does with a conversation, so a PARA vector is trained on the prompts it will be
 * made from.
 *
 * @throws ParapetError `invalid_training_file` when a sequence is longer than `maxTokens` or the row has no answer
 */
export function encodeRow(row: TrainingRow, index: number, model: RowEncoder, maxTokens: number): TrainingSequence[] {
  const sequences = model.chatTemplate ? chatSequences(row, index, model) : [plainSequence(row, index, model)];
  if (sequences.length === 0) {
    throw refused(index, 'has no assistant turn to learn: give one a weight of 1, or leave the row out');
  }
  for (const { tokens } of sequences) {
    if (tokens.length > maxTokens) {
      throw refused(
        index,
        `has ${tokens.length} tokens, more than ${maxTokens}: shorten it, or raise max_sequence_tokens`,
      );
    }
  }
  return sequences;
}

/** All sequences of a file's rows, in its order. */
export async function encodeRows(
  rows: Iterable<TrainingRow> | AsyncIterable<TrainingRow>,
  model: RowEncoder,
  maxTokens: number,
): Promise<TrainingSequence[]> {
  const sequences: TrainingSequence[] = [];
  let index = 0;
  for await (const row of rows) sequences.push(...encodeRow(row, index++, model, maxTokens));
  return sequences;
}

function chatSequences(row: TrainingRow, index: number, { chatTemplate }: RowEncoder): TrainingSequence[] {
  const { tokens, completions } = chatTemplate!.conversation(asMessages(row));
  return completions.map(({ start, end }) => ({
    tokens: Int32Array.from(tokens.slice(0, end)),
    promptTokens: start,
    row: index,
  }));
}

/** A model without a chat format continues text: the completion follows the prompt as it stands. */
function plainSequence(row: TrainingRow, index: number, { tokenizer }: RowEncoder): TrainingSequence {
  if (!('prompt' in row)) {
    throw refused(index, 'is a chat, but this base model has no chat format: use "prompt" and "completion"');
  }
  const prompt = tokenizer.encode(row.prompt);
  const start = prompt.length === 0 ? [tokenizer.bosId ?? tokenizer.eosId] : prompt;
  const tokens = [...start, ...tokenizer.encode(row.completion), tokenizer.eosId];
  return { tokens: Int32Array.from(tokens), promptTokens: start.length, row: index };
}

function refused(index: number, why: string): ParapetError {
  return new ParapetError('invalid_training_file', `Row ${index + 1} of the training data ${why}.`);
}
