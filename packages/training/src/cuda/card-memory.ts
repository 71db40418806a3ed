import type { AdapterConfig } from '@parapet/contracts/adapter';
import { type ModelSpec, modelParameters } from '@parapet/models/spec';
import { adapterParameters } from '@parapet/para/tensors';
import type { MicroBatchLimits } from '../dataset/batches.ts';
import { type fitMemory, keptFloats } from '../trainer/memory-estimate.ts';

const mostTokens = 16_384;
const mostTargets = 4096;
/** Over the values that a layer keeps: what is computed on the way, and expressions cheaper to read than to repeat. */
const overhead = 2.5;

/** Bytes that a micro-batch takes on a card beside weights: kept values with all attention weights, and logits. */
export function cardScratchBytes(
  spec: ModelSpec,
  config: AdapterConfig,
  { maxTokens, maxTargets }: MicroBatchLimits,
  columns: number,
): { activations: number; logits: number } {
  const kept = keptFloats(spec, config, 1) + spec.heads * columns;
  return {
    activations: 4 * overhead * maxTokens * spec.layers * kept,
    logits: 4 * 2 * maxTargets * spec.vocab,
  };
}

/** The largest micro-batch that fits on a card: halved until its estimate is within the budget. */
export function fitCardMemory(
  spec: ModelSpec,
  config: AdapterConfig,
  longest: { tokens: number; targets: number },
  budgetBytes: number,
): ReturnType<typeof fitMemory> {
  const weights = 4 * modelParameters(spec);
  const adapter = 4 * 6 * adapterParameters(config, spec);
  for (let share = 1; ; share /= 2) {
    const limits = {
      maxTokens: Math.max(longest.tokens, Math.floor(mostTokens * share)),
      maxTargets: Math.max(longest.targets, Math.floor(mostTargets * share)),
    };
    const scratch = cardScratchBytes(spec, config, limits, longest.tokens);
    const total = weights + adapter + scratch.activations + scratch.logits;
    const fits = total <= budgetBytes;
    if (fits || mostTokens * share <= longest.tokens) {
      const estimate = { weights, adapter, ...scratch, process: 0, total };
      return { limits, prepacking: true, recomputeAttention: false, estimate, fits };
    }
  }
}
