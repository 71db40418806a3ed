import type { TokenLogprob } from '@parapet/contracts/serve-worker';
import type { Tokenizer } from '@parapet/models/tokenizer';
import type { PrefillRun } from '../devices/device.ts';
import { type Logprob, LogprobReader } from './sampler.ts';

/** Positions whose logits are read at once. */
const chunk = 64;

/** A token's log-probability with its text and bytes, as the wire has it. */
export function describeLogprob(tokenizer: Tokenizer, chosen: Logprob, top: readonly Logprob[]): TokenLogprob {
  const describe = ({ id, logprob }: Logprob) => {
    const bytes = tokenizer.tokenBytes(id);
    return { id, text: new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes), bytes: [...bytes], logprob };
  };
  return { ...describe(chosen), top: top.map(describe) };
}

/** The log-probabilities of a prompt's own tokens, from the second on. */
export async function readPromptLogprobs(
  tokenizer: Tokenizer,
  run: PrefillRun,
  tokens: readonly number[],
  { vocab, alternatives }: { vocab: number; alternatives: number },
): Promise<TokenLogprob[]> {
  const found: TokenLogprob[] = [];
  for (let from = 0; from + 1 < tokens.length; from += chunk) {
    const to = Math.min(from + chunk, tokens.length - 1);
    const logits = await run.promptLogits(from, to);
    for (let position = from; position < to; position++) {
      const row = logits.subarray((position - from) * vocab, (position - from + 1) * vocab);
      const reader = new LogprobReader(row, alternatives);
      found.push(describeLogprob(tokenizer, reader.of(tokens[position + 1]!), reader.top));
    }
  }
  return found;
}
