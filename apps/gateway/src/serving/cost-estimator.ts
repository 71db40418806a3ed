import type { EnginePrompt, GenerateUsage } from '@parapet/contracts/serve-worker';
import type { Estimate } from '@parapet/metering/metering';

/** What a chat template adds to a message at most, and to the whole (a default system turn), in tokens. */
const messageTokens = 16;
const templateTokens = 64;
/** Before the first measurement: a slow CPU. Device microseconds a token. */
const firstGuess = { prefill: 2_000, decode: 20_000 };
/** A hold asks for so many times the average, since it must hold. */
const margin = 2;
/** Weight of a new measurement. */
const rate = 0.05;

/**
 * Upper bounds for holds without a tokenizer: no tokenizer makes more tokens than there are bytes. Device time is
 * bounded by what tokens have cost of late.
 */
export class CostEstimator {
  readonly #perToken = new Map<string, { prefill: number; decode: number }>();

  estimate(input: {
    prompt: EnginePrompt;
    maxTokens: number | null;
    n: number;
    baseDigest: string;
    contextTokens: number;
  }): Estimate {
    const promptTokens = Math.min(promptBound(input.prompt), input.contextTokens);
    const completionTokens = Math.min(input.maxTokens ?? input.contextTokens, input.contextTokens) * input.n;
    const cost = this.#perToken.get(input.baseDigest) ?? firstGuess;
    const gpuMicros = Math.ceil(margin * (promptTokens * cost.prefill + completionTokens * cost.decode));
    return { promptTokens, completionTokens, gpuMicros };
  }

  /** Learns from what a request has cost. */
  learn(baseDigest: string, usage: GenerateUsage): void {
    const cost = this.#perToken.get(baseDigest) ?? { ...firstGuess };
    const computed = usage.promptTokens - usage.cachedTokens;
    if (computed > 0) cost.prefill += rate * (usage.prefillDeviceMicros / computed - cost.prefill);
    if (usage.completionTokens > 0) {
      cost.decode += rate * (usage.decodeDeviceMicros / usage.completionTokens - cost.decode);
    }
    this.#perToken.set(baseDigest, cost);
  }
}

function promptBound(prompt: EnginePrompt): number {
  switch (prompt.kind) {
    case 'tokens':
      return prompt.tokens.length;
    case 'text':
      return Buffer.byteLength(prompt.text) + 1;
    case 'chat':
      return prompt.messages.reduce(
        (total, message) => total + Buffer.byteLength(message.content) + messageTokens,
        templateTokens,
      );
  }
}
