import { adapterConfigSchema } from '@parapet/contracts/adapter';
import type { ModelSpec } from '@parapet/models/spec';
import { tinySpec } from '@parapet/models/testing';
import { describe, expect, it } from 'vitest';
import { fitMemory } from './memory-estimate.ts';

const spec: ModelSpec = {
  ...tinySpec,
  ...{ layers: 30, width: 576, heads: 9, kvHeads: 3, headDim: 64, ffn: 1536, vocab: 49_152, context: 8192 },
};
const config = adapterConfigSchema.parse({ method: 'para' });

describe('fitMemory', () => {
  it('takes smaller micro-batches, then no packed weights, as the budget shrinks', () => {
    const longest = { tokens: 128, targets: 8 };
    const fit = (gigabytes: number) => fitMemory(spec, config, longest, gigabytes * 1e9);
    expect(fit(8)).toMatchObject({ limits: { maxTokens: 1024 }, prepacking: true, fits: true });
    const small = fit(2);
    expect(small).toMatchObject({ prepacking: true, fits: true });
    expect(small.limits.maxTokens).toBeLessThan(1024);
    expect(small.estimate.total).toBeLessThanOrEqual(2e9);
    expect(fit(1.3)).toMatchObject({ prepacking: false, fits: true });
    expect(fit(0.1)).toMatchObject({ limits: { maxTokens: 128 }, prepacking: false, fits: false });
  });

  it('takes less where our operators read the mapped weights', () => {
    const longest = { tokens: 128, targets: 8 };
    const weights = (mapped: boolean) => fitMemory(spec, config, longest, 8e9, mapped).estimate.weights;
    const linears = 4 * 30 * (2 * 576 * 576 + 2 * 576 * 192 + 3 * 576 * 1536);
    expect(weights(false) - weights(true)).toBeGreaterThan(0.7 * linears);
  });

  it('lets a single long row through, and keeps no attention weights of it', () => {
    const { limits, recomputeAttention } = fitMemory(spec, config, { tokens: 4096, targets: 900 }, 64e9);
    expect(limits).toEqual({ maxTokens: 4096, maxTargets: 900 });
    expect(recomputeAttention).toBe(true);
  });
});
