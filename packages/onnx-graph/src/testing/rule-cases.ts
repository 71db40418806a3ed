import type { Dim } from '../dims.ts';
import type { DType } from '../dtype.ts';
import type { Graph, Value } from '../graph.ts';
import { type NdArray, ndarray, sizeOf } from '../ndarray.ts';
import { type OpAttributes, type OpName, real } from '../ops/attributes.ts';

/** How an input of a case is filled. */
export interface InputSpec {
  shape: readonly Dim[];
  dtype?: DType;
  /** Elements; numbers drawn from a kind of distribution otherwise. */
  values?: readonly number[];
  draw?: 'normal' | 'positive' | 'distinct';
  /** Stored in the graph, so that shape inference can read it. */
  constant?: true;
}

export interface RuleCase<K extends OpName> {
  inputs: readonly (InputSpec | null)[];
  attributes?: OpAttributes[K];
  outputs?: number;
  /** Why ONNX Runtime's CPU provider can't run it. */
  notInRuntime?: string;
}

/** Sizes of the symbolic dimensions in the cases. */
export const bindings: Record<string, number> = { B: 2, S: 3 };

/** Deterministic numbers in [0, 1) (mulberry32). */
export function randomSource(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

export function sampleInput(spec: InputSpec, random: () => number): NdArray {
  const shape = spec.shape.map((dim) => (typeof dim === 'number' ? dim : bindings[dim]!));
  const size = sizeOf(shape);
  if (spec.values) return ndarray(shape, spec.values, spec.dtype ?? 'float32');
  const order = Array.from({ length: size }, (_, i) => i).sort(() => random() - 0.5);
  const draws = {
    normal: () => normal(random),
    positive: () => 0.5 + random(),
    distinct: (i: number) => order[i]! / 3 - size / 7,
  };
  return ndarray(
    shape,
    Float64Array.from({ length: size }, (_, i) => Math.fround(draws[spec.draw ?? 'normal'](i))),
    spec.dtype ?? 'float32',
  );
}

/** Adds the case's op to a graph, its inputs named x0, x1 …; gives the arrays to feed and all outputs. */
export function buildCase<K extends OpName>(g: Graph, op: K, one: RuleCase<K>, seed: number) {
  const random = randomSource(seed);
  const feeds: Record<string, NdArray> = {};
  const inputs = one.inputs.map((spec, i): Value | null => {
    if (!spec) return null;
    const array = sampleInput(spec, random);
    const dtype = spec.dtype ?? 'float32';
    if (spec.constant) return g.constant(dtype, array.shape, Array.from(array.data));
    feeds[`x${i}`] = array;
    return g.input(`x${i}`, dtype, spec.shape);
  });
  return { feeds, inputs, outputs: g.op(op, inputs, one.attributes as OpAttributes[K], one.outputs ?? 1) };
}

const f = (...shape: Dim[]): InputSpec => ({ shape });
const positive = (...shape: Dim[]): InputSpec => ({ shape, draw: 'positive' });
const distinct = (...shape: Dim[]): InputSpec => ({ shape, draw: 'distinct' });
const ints = (...values: number[]): InputSpec => ({ shape: [values.length], dtype: 'int64', values, constant: true });
const scalar = (value: number, dtype: DType = 'int64'): InputSpec => ({
  shape: [],
  dtype,
  values: [value],
  constant: true,
});
const index = (shape: Dim[], ...values: number[]): InputSpec => ({ shape, dtype: 'int64', values });
const bool = (shape: Dim[], ...values: number[]): InputSpec => ({ shape, dtype: 'bool', values });
const one = [{ inputs: [f('B', 4)] }];
const pair = [{ inputs: [f('B', 4), f('B', 4)] }, { inputs: [f('B', 'S', 4), f('S', 1)] }, { inputs: [f(), f(2, 3)] }];
const positivePair = [
  { inputs: [positive('B', 4), positive('B', 4)] },
  { inputs: [positive('B', 'S', 4), positive(4)] },
];
const bools = [{ inputs: [bool([4], 0, 1, 0, 1), bool([4], 0, 0, 1, 1)] }];
const reductions = [
  { inputs: [distinct('B', 'S', 4), ints(1)] },
  { inputs: [distinct('B', 'S', 4), ints(0, -1)], attributes: { keepdims: 0 as const } },
  { inputs: [distinct(3, 4)] },
];
const rope = { cos: { ...f(8, 2), constant: true as const }, sin: { ...f(8, 2), constant: true as const } };

/** Cases of every op; an op without one does not compile. */
export const ruleCases: { readonly [K in OpName]: readonly RuleCase<K>[] } = {
  Abs: one,
  Add: pair,
  And: bools,
  ArgMax: [
    { inputs: [distinct('B', 5)], attributes: { axis: 1 } },
    { inputs: [distinct('B', 5)], attributes: { axis: -1, keepdims: 0 } },
  ],
  BiasGelu: [{ inputs: [f('B', 4), f(4)] }],
  Cast: [{ inputs: [f('B', 4)], attributes: { to: 'float64' } }],
  Clip: [{ inputs: [f('B', 8), scalar(-0.5, 'float32'), scalar(0.7, 'float32')] }],
  Concat: [
    { inputs: [f('B', 2), f('B', 'S'), f('B', 1)], attributes: { axis: 1 } },
    { inputs: [f(2, 3), f(1, 3)], attributes: { axis: 0 } },
  ],
  Cos: one,
  CumSum: [
    { inputs: [f('B', 5), scalar(1)] },
    { inputs: [f('B', 5), scalar(1)], attributes: { exclusive: 1 } },
    { inputs: [f('B', 5), scalar(0)], attributes: { reverse: 1, exclusive: 1 } },
  ],
  Div: [{ inputs: [f('B', 4), positive('B', 4)] }, { inputs: [f('B', 'S', 4), positive(4)] }],
  Equal: [{ inputs: [f('B', 4), f('B', 4)] }],
  Erf: one,
  Exp: one,
  Expand: [{ inputs: [f(2, 1, 4), ints(2, 3, 4)] }, { inputs: [f(1), ints(5)] }],
  FusedMatMul: [
    { inputs: [f('B', 'S', 4), f(5, 4)], attributes: { transB: 1 } },
    { inputs: [f(4, 3), f(4, 5)], attributes: { transA: 1, alpha: real(0.5) } },
    { inputs: [f('B', 4, 3), f('B', 5, 4)], attributes: { transA: 1, transB: 1 } },
    { inputs: [f('B', 'S', 4), f('B', 5, 4)], attributes: { transB: 1, alpha: real(2) } },
    { inputs: [f('B', 'S', 4), f(4, 5)] },
  ],
  Gather: [
    { inputs: [f(5, 4), index(['B', 'S'], 0, 4, 1, 1, -1, 2)] },
    { inputs: [f('B', 4, 3), index([3], 1, 0, 1)], attributes: { axis: 1 } },
    { inputs: [f('B', 4, 3), index([2, 2], 1, 0, 1, 2)], attributes: { axis: -1 } },
  ],
  GatherElements: [{ inputs: [f(3, 4), index([3, 2], 0, 1, 3, 3, 2, 0)], attributes: { axis: 1 } }],
  GatherND: [
    { inputs: [f('B', 'S', 4), index([3, 2], 0, 1, 1, 2, 0, 1)] },
    { inputs: [f('B', 4), index([2, 1], 1, 0)] },
  ],
  Gelu: [{ inputs: [f('B', 4)] }, { inputs: [f('B', 4)], attributes: { approximate: 'tanh' } }],
  Greater: [{ inputs: [f('B', 4), f(4)] }],
  GreaterOrEqual: [{ inputs: [f('B', 4), f(4)] }],
  Identity: one,
  Less: [{ inputs: [f('B', 4), f(4)] }],
  LessOrEqual: [{ inputs: [f('B', 4), f(4)] }],
  Log: [{ inputs: [positive('B', 4)] }],
  LogSoftmax: [
    { inputs: [f('B', 5)], attributes: { axis: -1 } },
    { inputs: [f('B', 5, 3)], attributes: { axis: 1 } },
  ],
  MatMul: [
    { inputs: [f('B', 'S', 4), f(4, 5)] },
    { inputs: [f(3, 4), f(4, 5)] },
    { inputs: [f('B', 2, 'S', 4), f('B', 2, 4, 'S')] },
    { inputs: [f('B', 'S', 4), f('B', 4, 5)] },
    { inputs: [f('B', 2, 'S', 4), f('B', 1, 4, 5)] },
  ],
  MatMulNBits: [
    {
      inputs: [
        f('B', 32),
        {
          shape: [3, 1, 32],
          dtype: 'uint8',
          values: Array.from({ length: 96 }, (_, i) => (i * 37) % 256),
          constant: true,
        },
        { shape: [3], values: [0.01, 0.02, 0.005], constant: true },
      ],
      attributes: { K: 32, N: 3, bits: 8, block_size: 32 },
    },
    {
      inputs: [
        f('B', 32),
        {
          shape: [3, 1, 16],
          dtype: 'uint8',
          values: Array.from({ length: 48 }, (_, i) => (i * 37) % 256),
          constant: true,
        },
        { shape: [3], values: [0.1, 0.2, 0.05], constant: true },
      ],
      attributes: { K: 32, N: 3, bits: 4, block_size: 32 },
    },
  ],
  Max: [{ inputs: [distinct('B', 4), f('B', 4)] }, { inputs: [f('B', 4), f(4), f(1)] }],
  Min: [{ inputs: [distinct('B', 4), f('B', 4)] }],
  Mul: pair,
  Neg: one,
  Not: [{ inputs: [bool([3], 0, 1, 0)] }],
  OneHot: [
    { inputs: [index([3], 0, 2, 1), scalar(4), { shape: [2], values: [0, 1], constant: true }] },
    {
      inputs: [index([2, 2], 0, 2, 1, 1), scalar(3), { shape: [2], values: [-1, 5], constant: true }],
      attributes: { axis: 1 },
    },
  ],
  Or: bools,
  Pow: [...positivePair, { inputs: [f('B', 4), scalar(3, 'float32')] }],
  QuickGelu: [{ inputs: [f('B', 4)], attributes: { alpha: real(1) } }, { inputs: [f('B', 4)] }],
  Range: [{ inputs: [scalar(1), scalar(6), scalar(1)] }],
  Reciprocal: [{ inputs: [positive('B', 4)] }],
  ReduceLogSumExp: reductions,
  ReduceMax: reductions,
  ReduceMean: reductions,
  ReduceMin: reductions,
  ReduceSum: reductions,
  Relu: one,
  Reshape: [{ inputs: [f('B', 'S', 4), ints(-1, 4)] }, { inputs: [f('B', 'S', 4), ints(0, 0, 2, 2)] }],
  RotaryEmbedding: [
    { inputs: [f('B', 3, 'S', 4), index(['B', 'S'], 0, 1, 2, 5, 6, 7), rope.cos, rope.sin] },
    { inputs: [f('B', 'S', 8), index([1], 2), rope.cos, rope.sin] },
    {
      inputs: [f('B', 'S', 8), index(['B', 'S'], 0, 1, 2, 5, 6, 7), rope.cos, rope.sin],
      attributes: { interleaved: 1 },
    },
  ],
  ScatterElements: [
    { inputs: [f(3, 4), index([3, 2], 0, 1, 3, 2, 2, 0), f(3, 2)], attributes: { axis: 1 } },
    { inputs: [f(3, 4), index([3, 2], 0, 0, 3, 3, 2, 0), f(3, 2)], attributes: { axis: 1, reduction: 'add' } },
  ],
  ScatterND: [
    { inputs: [f('B', 'S', 4), index([3, 2], 0, 1, 1, 2, 0, 2), f(3, 4)] },
    { inputs: [f(5, 4), index([3, 1], 1, 1, 4), f(3, 4)], attributes: { reduction: 'add' } },
  ],
  Shape: [{ inputs: [f('B', 'S', 4)], attributes: { start: 1 } }],
  Sigmoid: one,
  Sign: one,
  SimplifiedLayerNormalization: [
    { inputs: [f('B', 'S', 6), f(6)], attributes: { epsilon: real(1e-5), axis: -1, stash_type: 1 } },
  ],
  Sin: one,
  SkipSimplifiedLayerNormalization: [
    { inputs: [f('B', 'S', 8), f('B', 'S', 8), f(8)], attributes: { epsilon: real(1e-5) } },
  ],
  Slice: [
    { inputs: [f('B', 'S', 6), ints(1), ints(4), ints(2)] },
    { inputs: [f(4, 6), ints(1, -3), ints(3, 100), ints(0, 1)] },
    { inputs: [f('B', 'S', 6), ints(0), ints(-2), ints(-1)] },
  ],
  Softmax: [
    { inputs: [f('B', 5)], attributes: { axis: -1 } },
    { inputs: [f('B', 5, 3)], attributes: { axis: 1 } },
  ],
  Split: [
    { inputs: [f('B', 6), ints(1, 2, 3)], attributes: { axis: -1 }, outputs: 3 },
    { inputs: [f(4, 'S'), ints(2, 2)], attributes: { axis: 0 }, outputs: 2 },
  ],
  Sqrt: [{ inputs: [positive('B', 4)] }],
  Squeeze: [{ inputs: [f('B', 1, 4), ints(1)] }],
  Sub: pair,
  SwiGlu: [{ inputs: [f('B', 4), f('B', 4)], notInRuntime: 'an operator of packages/training' }],
  SwiGluGradient: [
    { inputs: [f('B', 4), f('B', 4), f('B', 4)], outputs: 2, notInRuntime: 'an operator of packages/training' },
  ],
  Tanh: one,
  TopK: [
    { inputs: [distinct('B', 6), ints(3)], outputs: 2 },
    { inputs: [distinct(6, 2), ints(2)], attributes: { axis: 0, largest: 0 }, outputs: 2 },
  ],
  Transpose: [
    { inputs: [f('B', 'S', 2, 4)], attributes: { perm: [0, 2, 1, 3] } },
    { inputs: [f(2, 3, 4)], attributes: { perm: [2, 0, 1] } },
  ],
  Trilu: [
    { inputs: [f('B', 4, 4)], attributes: { upper: 0 } },
    { inputs: [f(4, 4), scalar(1)], attributes: { upper: 1 } },
  ],
  Unsqueeze: [{ inputs: [f('B', 4), ints(1)] }, { inputs: [f('B', 4), ints(0, -1)] }],
  Where: [{ inputs: [bool(['B', 1], 1, 0), f('B', 4), f(4)] }],
};
