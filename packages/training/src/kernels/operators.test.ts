import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adapterConfigSchema } from '@parapet/contracts/adapter';
import { tinyModel } from '@parapet/models/testing';
import { fusedMatMul, matmul } from '@parapet/onnx-graph/build';
import { encodeModel } from '@parapet/onnx-graph/encode';
import { evaluate } from '@parapet/onnx-graph/evaluate';
import { Graph } from '@parapet/onnx-graph/graph';
import { ndarray } from '@parapet/onnx-graph/ndarray';
import { Runtime, Tensor } from '@parapet/runtime';
import { afterAll, describe, expect, it } from 'vitest';
import { microBatches } from '../dataset/batches.ts';
import { ModelTrainer } from '../trainer/model-trainer.ts';
import { useFrozenProducts } from './frozen-products.ts';
import { findOperators } from './kernel-library.ts';

const folder = mkdtempSync(join(tmpdir(), 'parapet-training-kernels-'));
afterAll(() => rmSync(folder, { recursive: true }));
const found = findOperators(folder);
const runtime = Runtime.open();

/** Numbers in [−1, 1] from a seed. */
function numbers(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

// Where the processor has no AMX, ONNX Runtime's products are used and tested everywhere else.
describe.skipIf(found.operators === null)('our operators', () => {
  it.each([
    { M: 1, K: 8, N: 5 },
    { M: 33, K: 70, N: 45 },
    { M: 300, K: 64, N: 224 },
  ])('multiply: X · W and X · Wᵀ in float32, $M × $K × $N', ({ M, K, N }) => {
    const [x, w] = [numbers(M * K, 1), numbers(K * N, 2)];
    writeFileSync(join(folder, 'w.bin'), w);
    for (const transB of [0, 1] as const) {
      const g = new Graph('product');
      const shape = transB === 0 ? [K, N] : [N, K];
      const weight = g.initializer('layers.0.q', {
        ...{ dtype: 'float32', shape },
        data: { file: 'w.bin', offset: 0, length: w.byteLength },
      });
      const input = g.input('x', 'float32', ['M', K]);
      g.output('y', transB === 0 ? matmul(input, weight) : fusedMatMul(input, weight, { transB }));
      expect(useFrozenProducts(g)).toBe(1);
      const session = runtime.createSession({ bytes: encodeModel(g), folder }, { operators: [found.operators!] });
      const [from, to] = [Tensor.over(runtime, 'float32', [M, K], x), Tensor.zeros(runtime, 'float32', [M, N])];
      session.run({ x: from }, { y: to });
      for (let i = 0; i < M * N; i += 7) {
        const [m, n] = [Math.floor(i / N), i % N];
        let [sum, size] = [0, 0];
        for (let k = 0; k < K; k++) {
          const term = x[m * K + k]! * w[transB === 0 ? k * N + n : n * K + k]!;
          sum += term;
          size += Math.abs(term);
        }
        expect(Math.abs(to.data[i]! - sum)).toBeLessThan(1e-5 * size);
      }
      for (const resource of [from, to, session]) resource.release();
    }
  });

  it('gate as the reference does, forward and backward, to the ends of float32', () => {
    const g = new Graph('gated');
    const [gate, up, dy] = ['gate', 'up', 'dy'].map((name) => g.input(name, 'float32', ['M', 37]));
    g.output('y', g.op('SwiGlu', [gate!, up!]));
    const [dgate, dup] = g.op('SwiGluGradient', [gate!, up!, dy!], {}, 2);
    g.output('dgate', dgate!);
    g.output('dup', dup!);
    const M = 900; // more than one task
    const feeds = {
      gate: numbers(M * 37, 1).map((x, i) => (i % 50 === 0 ? 1e4 * x : 6 * x)),
      up: numbers(M * 37, 2),
      dy: numbers(M * 37, 3),
    };
    const shape = [M, 37];
    const expected = evaluate(
      g,
      Object.fromEntries(Object.entries(feeds).map(([name, x]) => [name, ndarray(shape, x, 'float32')])),
    );
    const session = runtime.createSession({ bytes: encodeModel(g) }, { operators: [found.operators!] });
    const inputs = Object.fromEntries(
      Object.entries(feeds).map(([name, x]) => [name, Tensor.over(runtime, 'float32', shape, x)]),
    );
    const outputs = ['y', 'dgate', 'dup'].map((name) => [name, Tensor.zeros(runtime, 'float32', shape)] as const);
    session.run(inputs, Object.fromEntries(outputs));
    for (const [i, [name, { data }]] of outputs.entries()) {
      const worst = data.reduce((most, x, j) => {
        const wanted = expected[i]!.data[j]!;
        return Math.max(most, Math.abs(x - wanted) / Math.max(1, Math.abs(wanted)));
      }, 0);
      expect(worst, name).toBeLessThan(1e-6);
    }
    for (const resource of [...Object.values(inputs), ...outputs.map(([, tensor]) => tensor), session])
      resource.release();
  });

  it('give the gradient that ONNX Runtime gives, twice the same', async () => {
    const sequences = [9, 14].map((length, row) => ({
      tokens: Int32Array.from({ length }, (_, i) => (i * 7 + row) % 50),
      promptTokens: length - 3,
      row,
    }));
    const [batch] = microBatches(sequences, { maxTokens: 64, maxTargets: 64 });
    const gradientWith = async (operators: typeof found.operators) => {
      const trainer = await ModelTrainer.create({
        ...{ runtime, model: tinyModel(1), seed: 3, weightsFolder: folder, operators },
        config: adapterConfigSchema.parse({ method: 'para', rank: 4, targets: 'wide', bias: true }),
      });
      trainer.theta.forEach((value, i) => {
        trainer.theta[i] = value + 0.05 * Math.sin(i);
      });
      const { loss } = await trainer.accumulate(batch!, 1 / 6);
      const gradient = trainer.gradient.slice();
      await trainer.release();
      return { loss, gradient };
    };
    const [ours, again, theirs] = [
      await gradientWith(found.operators),
      await gradientWith(found.operators),
      await gradientWith(null),
    ];
    expect(again).toEqual(ours);
    expect(ours.loss).toBeCloseTo(theirs.loss, 4);
    const norm = (x: Float32Array) => Math.hypot(...x);
    expect(norm(ours.gradient.map((x, i) => x - theirs.gradient[i]!))).toBeLessThan(1e-4 * norm(theirs.gradient));
    expect(ours.gradient).not.toEqual(theirs.gradient); // another product, so our operators did run
  });
});
