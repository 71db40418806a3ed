import type { AdapterConfig } from '@parapet/contracts/adapter';
import { Random } from '@parapet/models/random';
import { tinyModel } from '@parapet/models/testing';
import { evaluate } from '@parapet/onnx-graph/evaluate';
import { type NdArray, ndarray } from '@parapet/onnx-graph/ndarray';
import { poolWeights } from '@parapet/para/pooling';
import { describe, expect, it } from 'vitest';
import { memoryWeights } from '../testing/memory-weights.ts';
import { gradientGraph } from './adapted-model.ts';
import { flatLayout } from './flat-parameters.ts';

const model = tinyModel(1, { layers: 2 });
const para: AdapterConfig = {
  method: 'para',
  targets: 'qvu',
  bias: false,
  rank: 3,
  pooler: 'mean',
  activation: 'gelu',
};
const configs: AdapterConfig[] = [
  para,
  { ...para, targets: 'wide', bias: true, pooler: 'last', activation: 'silu' },
  { ...para, pooler: 'attention', activation: 'rational' },
  { ...para, pooler: 'max' },
  { method: 'lora', linears: ['q', 'k', 'v', 'o', 'gate', 'up', 'down'], rank: 2, alpha: 4 },
  { method: 'ia3' },
];

/** Two rows of 6 and 5 tokens with prompts of 3 and 2. */
function batch(config: AdapterConfig): Record<string, NdArray> {
  const pooler = config.method === 'para' ? config.pooler : 'mean';
  return {
    tokens: ndarray([2, 6], [5, 80, 200, 7, 9, 30, 11, 12, 90, 250, 33, 0], 'int64'),
    pool_weights: ndarray([2, 1, 6], poolWeights(pooler, [3, 2], 6)),
    rows: ndarray([5], [2, 3, 4, 7, 8], 'int64'),
    labels: ndarray([5], [7, 9, 30, 90, 250], 'int64'),
    weights: ndarray([5], [0.2, 0.2, 0.2, 0.2, 0.2]),
  };
}

describe('the training graph of a tiny model', () => {
  it.each(configs)('has the gradient that central differences give in float64: %o', (config) => {
    const g = gradientGraph({ spec: model.spec, config, weight: memoryWeights(model), recomputeAttention: true });
    const { size } = flatLayout(config, model.spec);
    const random = new Random(3);
    const draw = () => Float64Array.from({ length: size }, () => random.normal());
    const theta = draw().map((x) => 0.3 * x);
    const direction = draw();
    const run = (at: Float64Array) =>
      evaluate(g, { ...batch(config), theta: ndarray([size], at), gradient_before: ndarray([size], 0) });
    const h = 1e-5;
    const loss = (by: number) => run(theta.map((x, i) => x + by * direction[i]!))[0]!.data[0]!;
    const numeric = (loss(h) - loss(-h)) / (2 * h);
    const gradient = run(theta)[2]!.data;
    const analytic = gradient.reduce((sum, x, i) => sum + x * direction[i]!, 0);
    expect(Math.abs(analytic - numeric) / Math.max(Math.abs(numeric), 1e-3)).toBeLessThan(1e-6);
  });
});
