import { type Dim, type Shape, subDims } from './dims.ts';
import type { Graph, Operand, Value } from './graph.ts';
import type { Real } from './ops/attributes.ts';

/** Short forms of the ops that formulas are made of. Scalars may stand on either side. */
function binary(op: 'Add' | 'Sub' | 'Mul' | 'Div' | 'Pow') {
  return (a: Value | number, b: Value | number): Value => {
    const value = typeof a === 'number' ? b : a;
    if (typeof value === 'number') throw new Error('One side must be a value of a graph.');
    return value.graph.op(op, [a, b]);
  };
}

export const add = binary('Add');
export const sub = binary('Sub');
export const mul = binary('Mul');
export const div = binary('Div');
export const pow = binary('Pow');
export const neg = (x: Value): Value => x.graph.op('Neg', [x]);
export const sigmoid = (x: Value): Value => x.graph.op('Sigmoid', [x]);

/** Sum over axes, kept with size 1. */
export const sumOver = (x: Value, axes: readonly number[]): Value => x.graph.op('ReduceSum', [x, axes]);
export const meanOver = (x: Value, axes: readonly number[]): Value => x.graph.op('ReduceMean', [x, axes]);

/** α · A · B, with A = aᵀ where `transA`, B = bᵀ where `transB`: the transposed operand is never stored. */
export function fusedMatMul(a: Value, b: Value, attributes: { transA?: 0 | 1; transB?: 0 | 1; alpha?: Real }): Value {
  return a.graph.op('FusedMatMul', [a, b], attributes);
}

export const matmul = (a: Value, b: Value): Value => a.graph.op('MatMul', [a, b]);
export const transpose = (x: Value, perm: readonly number[]): Value => x.graph.op('Transpose', [x], { perm });
export const concat = (xs: readonly Value[], axis: number): Value => xs[0]!.graph.op('Concat', xs, { axis });

/** An int64 vector of dimensions, computed from the shapes of the graph's inputs where they are symbolic. */
export function dimsVector(g: Graph, dims: Shape): Value {
  if (dims.every((dim) => typeof dim === 'number')) return g.ints(dims);
  const parts: Operand[] = dims.map((dim) => g.op('Unsqueeze', [g.dim(dim), [0]]));
  return parts.length === 1 ? (parts[0] as Value) : g.op('Concat', parts, { axis: 0 });
}

/** x in a shape of symbolic dimensions. */
export function reshape(x: Value, shape: Shape): Value {
  if (x.shape.length === shape.length && x.shape.every((dim, i) => dim === shape[i])) return x;
  const target = shape.map((dim, i): Dim => (typeof dim === 'string' && dim === x.shape[i] ? 0 : dim));
  const open = target.flatMap((dim, i) => (typeof dim === 'string' ? [i] : []));
  const numeric = target.filter((dim) => typeof dim === 'number');
  if (open.length === 0) return x.graph.op('Reshape', [x, target as number[]]);
  if (open.length === 1 && numeric.length === target.length - 1) {
    return x.graph.op('Reshape', [x, target.with(open[0]!, -1) as number[]]);
  }
  return x.graph.op('Reshape', [x, dimsVector(x.graph, shape)]);
}

/** x repeated to a shape it broadcasts to. */
export function expand(x: Value, shape: Shape): Value {
  if (x.shape.length === shape.length && x.shape.every((dim, i) => dim === shape[i])) return x;
  return x.graph.op('Expand', [x, dimsVector(x.graph, shape)]);
}

/** x[…, start:end, …] along one axis. */
export function slice(x: Value, axis: number, start: Dim, end: Dim): Value {
  return x.graph.op('Slice', [x, dimsVector(x.graph, [start]), dimsVector(x.graph, [end]), [axis]]);
}

export function zeros(like: Value): Value {
  return expand(like.graph.constant(like.dtype, [], [0]), like.shape);
}

/** Zeros of a shape. */
export function zerosOf(g: Graph, dtype: Value['dtype'], shape: Shape): Value {
  return expand(g.constant(dtype, [], [0]), shape);
}

/** 1 where `condition` holds, else 0. */
export const indicator = (condition: Value, dtype: Value['dtype']): Value =>
  condition.graph.op('Cast', [condition], { to: dtype });

/** The adjoint of broadcasting: sums `dy` over every axis along which `x` was repeated. */
export function unbroadcast(dy: Value, x: Value): Value {
  const lead = dy.shape.length - x.shape.length;
  const axes = dy.shape.flatMap((dim, i) => (i < lead || (x.shape[i - lead] === 1 && dim !== 1) ? [i] : []));
  return reshape(axes.length === 0 ? dy : sumOver(dy, axes), x.shape);
}

/** dy along `axis` between zeros, so that it has x's shape: the adjoint of x[…, start:start+length, …]. */
export function padLike(dy: Value, x: Value, axis: number, start: Dim): Value {
  const end = subDims(subDims(x.shape[axis]!, start), dy.shape[axis]!);
  const pad = (size: Dim) => zerosOf(dy.graph, dy.dtype, dy.shape.with(axis, size));
  const parts = [...(start === 0 ? [] : [pad(start)]), dy, ...(end === 0 ? [] : [pad(end)])];
  return parts.length === 1 ? dy : concat(parts, axis);
}
