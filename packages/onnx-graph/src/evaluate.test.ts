import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import type { DType } from './dtype.ts';
import { encodeModel } from './encode.ts';
import { evaluate } from './evaluate.ts';
import { Graph } from './graph.ts';
import type { NdArray } from './ndarray.ts';
import type { OpName } from './ops/attributes.ts';
import { buildCase, type RuleCase, ruleCases } from './testing/rule-cases.ts';

function toTensor({ dtype, shape, data }: NdArray): Tensor {
  switch (dtype) {
    case 'float32':
      return new Tensor('float32', Float32Array.from(data), shape);
    case 'int64':
      return new Tensor('int64', BigInt64Array.from(data, BigInt), shape);
    case 'bool':
      return new Tensor('bool', Uint8Array.from(data), shape);
    default:
      throw new Error(`No case feeds ${dtype}.`);
  }
}

async function runtime<K extends OpName>(
  op: K,
  one: RuleCase<K>,
): Promise<{ expected: NdArray[]; got: { shape: readonly number[]; dtype: DType; data: number[] }[] }> {
  const g = new Graph(op);
  const { feeds, outputs } = buildCase(g, op, one, 1);
  // One more op, so that the value tested is never an input or initializer itself.
  outputs.map((y, i) => g.output(`y${i}`, y));
  const session = await InferenceSession.create(encodeModel(g), { logSeverityLevel: 3 });
  const tensors = Object.fromEntries(session.inputNames.map((name) => [name, toTensor(feeds[name]!)]));
  const results = await session.run(tensors);
  await session.release();
  const got = outputs.map((_, i) => {
    const y = results[`y${i}`]!;
    return { shape: y.dims, dtype: y.type as DType, data: Array.from(y.data as ArrayLike<number | bigint>, Number) };
  });
  return { expected: evaluate(g, feeds), got };
}

describe('reference evaluation against ONNX Runtime', () => {
  for (const [op, cases] of Object.entries(ruleCases) as [OpName, RuleCase<OpName>[]][]) {
    const runnable = cases.filter(({ notInRuntime }) => notInRuntime === undefined);
    it.skipIf(runnable.length === 0)(op, async () => {
      for (const one of runnable) {
        const { expected, got } = await runtime(op, one);
        for (const [i, y] of got.entries()) {
          expect(y.shape).toEqual([...expected[i]!.shape]);
          expect(y.data.length).toBe(expected[i]!.data.length);
          for (const [j, value] of y.data.entries()) {
            const reference = expected[i]!.data[j]!;
            expect(Math.abs(value - reference), `${op}[${j}]`).toBeLessThan(1e-5 * Math.max(1, Math.abs(reference)));
          }
        }
      }
    });
  }
});
