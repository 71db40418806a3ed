import { type MicroBatchLimits, microBatches } from '../dataset/batches.ts';
import type { TrainingSequence } from '../dataset/encode-rows.ts';
import type { Trainer } from './trainer.ts';

/**
 * Greedy continuations of prompts by the training graph's forward half: every token by a whole pass, which is slow
 * but needs no other graph. PARA's vectors are pooled over the prompt alone, at every step the same.
 *
 * @returns the tokens after each prompt, without the one that ends the turn
 */
export async function greedy(
  trainer: Trainer,
  prompts: readonly Int32Array[],
  options: { eosId: number; maxTokens: number; limits: MicroBatchLimits; theta?: Float32Array },
): Promise<number[][]> {
  const answers = prompts.map((): number[] => []);
  let open = prompts.map((_, i) => i);
  for (let length = 0; length < options.maxTokens && open.length > 0; length++) {
    // A sequence with one unknown target behind what is there already: its prediction is the next token.
    const sequences = open.map((i): TrainingSequence & { promptTokens: number } => {
      const prompt = prompts[i]!;
      const tokens = Int32Array.from([...prompt, ...answers[i]!, options.eosId]);
      return { tokens, promptTokens: prompt.length, row: i };
    });
    const next = await lastPredictions(trainer, sequences, options);
    for (const [i, token] of next) answers[i]!.push(token);
    open = open.filter((i) => answers[i]!.at(-1) !== options.eosId);
  }
  return answers.map((tokens) => (tokens.at(-1) === options.eosId ? tokens.slice(0, -1) : tokens));
}

/** The likeliest token at each sequence's last position, by its `row`. */
async function lastPredictions(
  trainer: Trainer,
  sequences: readonly TrainingSequence[],
  { limits, theta }: { limits: MicroBatchLimits; theta?: Float32Array },
): Promise<Map<number, number>> {
  const found = new Map<number, number>();
  for (const { batch, members } of grouped(sequences, limits)) {
    const { predictions } = await trainer.evaluate(batch, 1, theta);
    let at = -1;
    for (const { row, tokens, promptTokens } of members) {
      at += tokens.length - promptTokens;
      found.set(row, Number(predictions[at]!));
    }
  }
  return found;
}

/** Micro-batches with the sequences that are in each, in their order. */
function grouped(sequences: readonly TrainingSequence[], limits: MicroBatchLimits) {
  const sorted = [...sequences].sort((a, b) => b.tokens.length - a.tokens.length);
  let from = 0;
  return microBatches(sorted, limits).map((batch) => {
    const members = sorted.slice(from, from + batch.rows);
    from += batch.rows;
    return { batch, members };
  });
}
