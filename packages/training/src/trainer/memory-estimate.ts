import type { AdapterConfig } from '@parapet/contracts/adapter';
import { kvWidth, type ModelSpec, modelParameters, queryWidth } from '@parapet/models/spec';
import { adapterParameters } from '@parapet/para/tensors';
import type { MicroBatchLimits } from '../dataset/batches.ts';

/** What a training process takes, in bytes. */
export interface MemoryEstimate {
  /** The packed copies that products forward and backward read, or the mapped weights and the packed head. */
  weights: number;
  /** Trained numbers: θ, gradient, two moments, the best so far. */
  adapter: number;
  /** Kept from forward to backward for the largest micro-batch. */
  activations: number;
  /** Logits and their softmax at the targets. */
  logits: number;
  /** Node and ONNX Runtime themselves. */
  process: number;
  total: number;
}

const processBytes = 350e6;
/** Kept activations over the formula below: temporaries, and what the allocator can't reuse. */
const overhead = 1.25;

/** Rows longer than this have their attention weights computed again instead of kept. */
const longestKeptAttention = 384;
export const recomputesAttention = (columns: number): boolean => columns > longestKeptAttention;

/** Floats that a layer keeps for its backward pass for each token, in a row of `columns` tokens. */
export function keptFloats(spec: ModelSpec, config: AdapterConfig, columns: number): number {
  const dq = queryWidth(spec);
  const dkv = kvWidth(spec);
  const stream = 2 * spec.width; // h before and behind attention
  const weights = recomputesAttention(columns) ? 0 : spec.heads * columns;
  return stream + dq + 2 * dkv + weights + 2 * spec.ffn + scaledFloats(spec, config);
}

/** What is kept beside it because a vector multiplies it. */
function scaledFloats(spec: ModelSpec, config: AdapterConfig): number {
  const [dq, dkv] = [queryWidth(spec), kvWidth(spec)];
  switch (config.method) {
    case 'para':
      return config.targets === 'qvu' ? dq + dkv : dq + 2 * dkv + 2 * spec.width + spec.ffn;
    case 'ia3':
      return 2 * dkv;
    case 'lora':
      return config.rank * config.linears.length;
  }
}

/** Bytes before a run: what it will take with these limits and rows of at most `columns` tokens. */
export function estimateMemory(
  spec: ModelSpec,
  config: AdapterConfig,
  limits: MicroBatchLimits,
  columns: number,
  prepacking = true,
  mapped = false,
): MemoryEstimate {
  const parameters = modelParameters(spec);
  // Packed, the mapped original is let go; our operators read the original and need no copy of linears.
  const copies = prepacking && !mapped ? 2 : 1;
  const weights = 4 * (parameters * copies + (mapped ? 2 * spec.vocab * spec.width : 0));
  const adapter = 4 * 5 * adapterParameters(config, spec);
  const activations = 4 * overhead * limits.maxTokens * spec.layers * keptFloats(spec, config, columns);
  const logits = 4 * 3 * limits.maxTargets * spec.vocab;
  const total = weights + adapter + activations + logits + processBytes;
  return { weights, adapter, activations, logits, process: processBytes, total };
}

/** Larger ones are no faster on a CPU. */
const mostTokens = 1024;
const mostTargets = 256;

/**
 * The largest micro-batch that fits: halves rows · columns from 1,024 until the estimate is within the budget, then
 * gives up the packed weights (10–25% slower). A single row always goes through.
 */
export function fitMemory(
  spec: ModelSpec,
  config: AdapterConfig,
  longest: { tokens: number; targets: number },
  budgetBytes: number,
  /** Whether our operators read frozen weights where they are mapped (`TrainOptions.operators`). */
  mapped = false,
): {
  limits: MicroBatchLimits;
  prepacking: boolean;
  recomputeAttention: boolean;
  estimate: MemoryEstimate;
  fits: boolean;
} {
  const recomputeAttention = recomputesAttention(longest.tokens);
  const least = { maxTokens: longest.tokens, maxTargets: longest.targets };
  for (const prepacking of [true, false]) {
    for (let share = 1; ; share /= 2) {
      const limits = {
        maxTokens: Math.max(least.maxTokens, Math.floor(mostTokens * share)),
        maxTargets: Math.max(least.maxTargets, Math.floor(mostTargets * share)),
      };
      const estimate = estimateMemory(spec, config, limits, longest.tokens, prepacking, mapped);
      const smallest = mostTokens * share <= least.maxTokens || mostTokens * share < 64;
      if (estimate.total <= budgetBytes || (smallest && !prepacking)) {
        return { limits, prepacking, recomputeAttention, estimate, fits: estimate.total <= budgetBytes };
      }
      if (smallest) break;
    }
  }
  throw new Error('unreachable: the last round returns');
}
