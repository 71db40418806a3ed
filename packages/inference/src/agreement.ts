import type { ModelRunner } from './devices/device.ts';

/** What weights make of texts, a number for each position that has a next token. */
export interface Predictions {
  /** The likeliest next token. */
  best: number[];
  /** Log-probability of the token that came. */
  logprobs: number[];
}

/** Reads texts with a runner of the base model. @throws Error when a logit is not a number */
export async function predict(
  runner: ModelRunner,
  texts: readonly (readonly number[])[],
  onProgress: (done: number) => void = () => {},
): Promise<Predictions> {
  const best: number[] = [];
  const logprobs: number[] = [];
  for (const [at, tokens] of texts.entries()) {
    const run = runner.beginPrefill(0, tokens, { kind: 'base' });
    await run.advance(run.remainingLayers);
    const logits = await run.promptLogits(0, tokens.length - 1);
    run.release();
    for (let position = 0; position + 1 < tokens.length; position++) {
      const row = logits.subarray(position * runner.vocab, (position + 1) * runner.vocab);
      const top = likeliest(row);
      let sum = 0;
      for (const logit of row) sum += Math.exp(logit - row[top]!);
      best.push(top);
      logprobs.push(row[tokens[position + 1]!]! - row[top]! - Math.log(sum));
    }
    onProgress((at + 1) / texts.length);
  }
  return { best, logprobs };
}

/** The largest logit's token, the first of equals. @throws Error when one is not finite */
export function likeliest(logits: Float32Array): number {
  let top = 0;
  for (const [i, logit] of logits.entries()) {
    if (!Number.isFinite(logit)) throw new Error(`The logit of token ${i} is ${logit}: these weights do not work.`);
    if (logit > logits[top]!) top = i;
  }
  return top;
}

/** Share of positions at which both find the same token likeliest. */
export const agreementOf = (one: Predictions, other: Predictions): number =>
  one.best.filter((id, i) => id === other.best[i]).length / one.best.length;

export const perplexityOf = ({ logprobs }: Predictions): number =>
  Math.exp(-logprobs.reduce((sum, x) => sum + x, 0) / logprobs.length);
