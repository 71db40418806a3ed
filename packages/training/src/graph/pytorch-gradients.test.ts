import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tinyModel } from '@parapet/models/testing';
import { evaluate } from '@parapet/onnx-graph/evaluate';
import { type NdArray, ndarray } from '@parapet/onnx-graph/ndarray';
import {
  type GradientCase,
  goldenGradients,
  gradientBatch,
  gradientCases,
  gradientModelSeed,
} from '@parapet/para/golden';
import { poolWeights } from '@parapet/para/pooling';
import { Runtime } from '@parapet/runtime';
import { afterAll, describe, expect, it } from 'vitest';
import { microBatches } from '../dataset/batches.ts';
import { memoryWeights } from '../testing/memory-weights.ts';
import { ModelTrainer } from '../trainer/model-trainer.ts';
import { gradientGraph } from './adapted-model.ts';
import { flatLayout, flatten } from './flat-parameters.ts';

const model = tinyModel(gradientModelSeed);
const golden = goldenGradients();
const cases = gradientCases(model.spec);
const folder = mkdtempSync(join(tmpdir(), 'parapet-gradients-'));
afterAll(() => rmSync(folder, { recursive: true }));

const sequences = gradientBatch.tokens.map((tokens, row) => ({
  tokens: Int32Array.from(tokens.slice(0, gradientBatch.lengths[row])),
  promptTokens: gradientBatch.promptTokens[row]!,
  row,
}));
const [batch] = microBatches(sequences, { maxTokens: 64, maxTargets: 64 });
const targets = batch!.labels.length;

/** ‖a − b‖ / ‖b‖ of a whole gradient against PyTorch's. */
function distance(gradient: ArrayLike<number>, one: GradientCase): number {
  const { tensors } = flatLayout(one.config, model.spec);
  const expected = golden.cases[one.name]!.gradients;
  let difference = 0;
  let size = 0;
  for (const { name, offset } of tensors) {
    for (const [i, x] of expected[name]!.entries()) {
      difference += (gradient[offset + i]! - x) ** 2;
      size += x ** 2;
    }
  }
  return Math.sqrt(difference / size);
}

describe('gradients against PyTorch autograd in float64', () => {
  it('are of the same base model', () => expect(golden.base_digest).toBe(model.digest));

  it.each(cases)('$name: the reference evaluator, to 1e-5', (one) => {
    const { config } = one;
    const layout = flatLayout(config, model.spec);
    const pooler = config.method === 'para' ? config.pooler : 'mean';
    const { rows, columns } = batch!;
    const integers = (shape: number[], data: BigInt64Array) => ndarray(shape, Array.from(data, Number), 'int64');
    const feeds: Record<string, NdArray> = {
      theta: ndarray([layout.size], flatten(one.tensors, layout)),
      gradient_before: ndarray([layout.size], 0),
      tokens: integers([rows, columns], batch!.tokens),
      pool_weights: ndarray([rows, 1, columns], poolWeights(pooler, batch!.promptTokens, columns)),
      rows: integers([targets], batch!.targetRows),
      labels: integers([targets], batch!.labels),
      weights: ndarray([targets], 1 / targets),
    };
    const g = gradientGraph({ spec: model.spec, config, weight: memoryWeights(model) });
    const [loss, , gradient] = evaluate(g, feeds);
    expect(loss!.data[0]).toBeCloseTo(golden.cases[one.name]!.loss, 6);
    expect(distance(gradient!.data, one)).toBeLessThan(1e-5);
  });

  it.each(cases)('$name: ONNX Runtime in float32, to 1e-4', async (one) => {
    const { config } = one;
    const options = { runtime: Runtime.open(), model, config, seed: 0, weightsFolder: folder, session: { threads: 1 } };
    const trainer = await ModelTrainer.create(options);
    trainer.theta.set(flatten(one.tensors, trainer.layout));
    const { loss } = await trainer.accumulate(batch!, 1 / targets);
    expect(loss).toBeCloseTo(golden.cases[one.name]!.loss, 4);
    expect(distance(trainer.gradient, one)).toBeLessThan(1e-4);
    await trainer.release();
  });
});
