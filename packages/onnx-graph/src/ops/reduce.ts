import { div, expand, indicator, mul, reshape, sub, sumOver } from '../build.ts';
import { type Dim, normalAxis, productOf, type Shape } from '../dims.ts';
import type { Value } from '../graph.ts';
import { forEachIndex, forEachLine, mapElements, type NdArray, sizeOf, stridesOf } from '../ndarray.ts';
import type { OpAttributes, OpName } from './attributes.ts';
import { type Arrays, discrete, type Inputs, need, needNumbers, type OpRule } from './rule.ts';

type ReduceName = 'ReduceLogSumExp' | 'ReduceMax' | 'ReduceMean' | 'ReduceMin' | 'ReduceSum';

/** Axes of a reduction: its second input, all when left out. */
function reduceAxes(inputs: Inputs): number[] {
  const { shape } = need(inputs, 0);
  return inputs[1] ? needNumbers(inputs, 1).map((axis) => normalAxis(axis, shape.length)) : shape.map((_, i) => i);
}

const kept = (shape: Shape, axes: readonly number[]): Dim[] => shape.map((dim, i) => (axes.includes(i) ? 1 : dim));

function fold(
  inputs: Arrays,
  keepdims: 0 | 1,
  start: number,
  step: (sum: number, x: number, count: number) => number,
): NdArray {
  const x = need(inputs, 0);
  const axes = inputs[1]
    ? Array.from(inputs[1].data, (axis) => normalAxis(axis, x.shape.length))
    : x.shape.map((_, i) => i);
  const wide = kept(x.shape, axes) as number[];
  const strides = stridesOf(wide);
  const data = new Float64Array(sizeOf(wide)).fill(start);
  const count = sizeOf(x.shape) / sizeOf(wide);
  forEachIndex(x.shape, (flat, at) => {
    const to = at.reduce((index, i, axis) => (wide[axis] === 1 ? index : index + i * strides[axis]!), 0);
    data[to] = step(data[to]!, x.data[flat]!, count);
  });
  return { dtype: x.dtype, shape: keepdims ? wide : x.shape.filter((_, i) => !axes.includes(i)), data };
}

const folded =
  (start: number, step: (sum: number, x: number, count: number) => number) =>
  (inputs: Arrays, keepdims: 0 | 1): NdArray =>
    fold(inputs, keepdims, start, step);

interface ReductionInputs {
  x: Value;
  /** y and dy with the reduced axes kept, of size 1. */
  y: Value;
  dy: Value;
  axes: readonly number[];
}

function reduction<K extends ReduceName>(
  evaluate: (inputs: Arrays, keepdims: 0 | 1) => NdArray,
  gradient: (inputs: ReductionInputs) => Value,
): OpRule<K> {
  return {
    infer: (inputs, { keepdims = 1 }: OpAttributes[ReduceName]) => {
      const axes = reduceAxes(inputs);
      const { dtype, shape } = need(inputs, 0);
      return [{ dtype, shape: keepdims ? kept(shape, axes) : shape.filter((_, i) => !axes.includes(i)) }];
    },
    evaluate: (inputs, { keepdims = 1 }: OpAttributes[ReduceName]) => [evaluate(inputs, keepdims)],
    vjp: ({ node, inputs: [x], outputs: [y], dy }) => [
      () => {
        const axes = reduceAxes(node.inputs);
        const wide = kept(x!.shape, axes);
        return gradient({ x: x!, y: reshape(y!, wide), dy: reshape(dy, wide), axes });
      },
      null,
    ],
  };
}

/** The gradient goes to the winner, shared equally among equals. */
const toWinner = ({ x, y, dy, axes }: ReductionInputs): Value => {
  const wins = indicator(x.graph.op('Equal', [x, y]), x.dtype);
  return mul(wins, div(dy, sumOver(wins, axes)));
};

/** f over each line along the axis. */
function alongAxis(x: NdArray, axis: number, f: (line: number[]) => ArrayLike<number>): NdArray {
  const data = new Float64Array(x.data.length);
  forEachLine(x.shape, normalAxis(axis, x.shape.length), (line) => {
    const result = f(line.map((i) => x.data[i]!));
    for (const [i, flat] of line.entries()) data[flat] = result[i]!;
  });
  return { ...x, data };
}

const sameShape = (inputs: Inputs) => [{ dtype: need(inputs, 0).dtype, shape: need(inputs, 0).shape }];

function logSumExp(line: readonly number[]): number {
  const max = Math.max(...line);
  return max + Math.log(line.reduce((sum, x) => sum + Math.exp(x - max), 0));
}

/** Indices of a line from largest to smallest (or the reverse), earlier ones first among equals. */
function ranking(line: readonly number[], largest: boolean): number[] {
  return line.map((_, i) => i).sort((i, j) => (largest ? line[j]! - line[i]! : line[i]! - line[j]!) || i - j);
}

export const reduce = {
  ArgMax: {
    infer: (inputs, { axis = 0, keepdims = 1 }) => {
      const { shape } = need(inputs, 0);
      const at = normalAxis(axis, shape.length);
      return [{ dtype: 'int64', shape: keepdims ? shape.with(at, 1) : shape.filter((_, i) => i !== at) }];
    },
    evaluate: (inputs, { axis = 0, keepdims = 1, select_last_index = 0 }) => {
      const x = need(inputs, 0);
      const at = normalAxis(axis, x.shape.length);
      const found: number[] = [];
      forEachLine(x.shape, at, (line) => {
        const values = line.map((i) => x.data[i]!);
        const max = Math.max(...values);
        found.push(select_last_index ? values.lastIndexOf(max) : values.indexOf(max));
      });
      const shape = keepdims ? x.shape.with(at, 1) : x.shape.filter((_, i) => i !== at);
      return [{ dtype: 'int64', shape, data: Float64Array.from(found) }];
    },
    vjp: discrete,
  } satisfies OpRule<'ArgMax'>,
  // y_i = Σ_{j ≤ i} x_j: dx_j = Σ_{i ≥ j} dy_i
  CumSum: {
    infer: sameShape,
    evaluate: (inputs, { exclusive = 0, reverse = 0 }) => [
      alongAxis(need(inputs, 0), need(inputs, 1).data[0]!, (line) => {
        const ordered = reverse ? line.toReversed() : line;
        let sum = 0;
        const sums = ordered.map((x) => {
          sum += x;
          return exclusive ? sum - x : sum;
        });
        return reverse ? sums.reverse() : sums;
      }),
    ],
    vjp: ({ g, node, dy, attributes: { exclusive = 0, reverse = 0 } }) => [
      () => g.op('CumSum', [dy, node.inputs[1]!], { exclusive, reverse: reverse ? 0 : 1 }),
      null,
    ],
  } satisfies OpRule<'CumSum'>,
  // y = x − log Σ exp x: dx = dy − exp(y) · Σ dy
  LogSoftmax: {
    infer: sameShape,
    evaluate: (inputs, { axis = -1 }) => [
      alongAxis(need(inputs, 0), axis, (line) => {
        const total = logSumExp(line);
        return line.map((x) => x - total);
      }),
    ],
    vjp: ({ g, outputs: [y], dy, attributes: { axis = -1 } }) => [
      () => sub(dy, mul(g.op('Exp', [y!]), sumOver(dy, [axis]))),
    ],
  } satisfies OpRule<'LogSoftmax'>,
  // y = log Σ exp x: dx = dy · exp(x − y), which along one axis is dy · softmax x
  ReduceLogSumExp: reduction<'ReduceLogSumExp'>(
    (inputs, keepdims) => {
      const max = fold(inputs, 1, -Infinity, (largest, x) => Math.max(largest, x));
      const shifted = mapElements([need(inputs, 0), max], (x, m) => Math.exp(x - m));
      const sum = fold([shifted, inputs[1] ?? null], keepdims, 0, (total, x) => total + x);
      return { ...sum, data: sum.data.map((total, i) => Math.log(total) + max.data[i]!) };
    },
    ({ x, y, dy, axes }) => {
      const [axis, ...others] = axes;
      const alongOne = axis !== undefined && others.length === 0;
      return mul(dy, alongOne ? x.graph.op('Softmax', [x], { axis }) : x.graph.op('Exp', [sub(x, y)]));
    },
  ),
  ReduceMax: reduction<'ReduceMax'>(
    folded(-Infinity, (max, x) => Math.max(max, x)),
    toWinner,
  ),
  // y = Σ x / n: dx = dy / n, repeated
  ReduceMean: reduction<'ReduceMean'>(
    folded(0, (sum, x, n) => sum + x / n),
    ({ x, dy, axes }) => {
      const n = productOf(axes.map((axis) => x.shape[axis]!));
      const count = typeof n === 'number' ? n : x.graph.op('Cast', [x.graph.dim(n)], { to: x.dtype });
      return expand(div(dy, count), x.shape);
    },
  ),
  ReduceMin: reduction<'ReduceMin'>(
    folded(Infinity, (min, x) => Math.min(min, x)),
    toWinner,
  ),
  ReduceSum: reduction<'ReduceSum'>(
    folded(0, (sum, x) => sum + x),
    ({ x, dy }) => expand(dy, x.shape),
  ),
  // dx = y · (dy − Σ dy · y)
  Softmax: {
    infer: sameShape,
    evaluate: (inputs, { axis = -1 }) => [
      alongAxis(need(inputs, 0), axis, (line) => {
        const total = logSumExp(line);
        return line.map((x) => Math.exp(x - total));
      }),
    ],
    vjp: ({ outputs: [y], dy, attributes: { axis = -1 } }) => [() => mul(y!, sub(dy, sumOver(mul(dy, y!), [axis])))],
  } satisfies OpRule<'Softmax'>,
  /** Values and indices of the k largest, in order. */
  TopK: {
    infer: (inputs, { axis = -1 }) => {
      const x = need(inputs, 0);
      const k = inputs[1]?.known?.[0];
      if (k === undefined) throw new Error('k must be a constant or computed from shapes.');
      const shape = x.shape.with(normalAxis(axis, x.shape.length), k);
      return [
        { dtype: x.dtype, shape },
        { dtype: 'int64', shape },
      ];
    },
    evaluate: (inputs, { axis = -1, largest = 1 }) => {
      const x = need(inputs, 0);
      const at = normalAxis(axis, x.shape.length);
      const shape = x.shape.with(at, need(inputs, 1).data[0]!);
      const values = new Float64Array(sizeOf(shape));
      const indices = new Float64Array(sizeOf(shape));
      const lines: number[][] = [];
      forEachLine(shape, at, (line) => lines.push([...line]));
      forEachLine(x.shape, at, (line) => {
        const order = ranking(
          line.map((i) => x.data[i]!),
          largest === 1,
        );
        for (const [i, to] of lines.shift()!.entries()) {
          indices[to] = order[i]!;
          values[to] = x.data[line[order[i]!]!]!;
        }
      });
      return [
        { dtype: x.dtype, shape, data: values },
        { dtype: 'int64', shape, data: indices },
      ];
    },
    vjp: ({ g, inputs: [x], outputs: [, indices], dy, attributes: { axis = -1 } }) => [
      () => {
        const blank = expand(g.constant(dy.dtype, [], [0]), x!.shape);
        return g.op('ScatterElements', [blank, indices!, dy], { axis, reduction: 'add' });
      },
      null,
    ],
  } satisfies OpRule<'TopK'>,
} satisfies { [K in OpName]?: OpRule<K> };
