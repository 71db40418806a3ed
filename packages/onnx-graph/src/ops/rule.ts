import type { Dim, Shape } from '../dims.ts';
import type { DType } from '../dtype.ts';
import type { Graph, Node, Value } from '../graph.ts';
import type { NdArray } from '../ndarray.ts';
import type { OpAttributes, OpName } from './attributes.ts';

/** What an op gives: element type, shape and, for small integer results, the elements themselves. */
export interface Inferred {
  dtype: DType;
  shape: Shape;
  known?: readonly Dim[];
}

export type Inputs = readonly (Value | null)[];
export type Arrays = readonly (NdArray | null)[];

/** What a vector-Jacobian product starts from. */
export interface Backward<K extends OpName> {
  g: Graph;
  node: Node;
  inputs: readonly Value[];
  outputs: readonly Value[];
  attributes: OpAttributes[K];
  /** ∂loss/∂outputs[0], of its shape. Only there when `dys[0]` is; rules of several outputs read `dys`. */
  dy: Value;
  /** ∂loss/∂outputs; null where the loss does not depend on one. */
  dys: readonly (Value | null)[];
}

/** Adds the nodes of one input's gradient, of the input's shape. Called only where that gradient is wanted. */
export type Pullback = () => Value;

/** One pullback an input; null for inputs that are no continuous quantity (indices, axes, conditions). */
export type Vjp<K extends OpName> = (backward: Backward<K>) => readonly (Pullback | null)[];

/** All that is known of an op. */
export interface OpRule<K extends OpName> {
  /** Element types and shapes of the outputs; throws on inputs that do not fit. */
  infer(inputs: Inputs, attributes: OpAttributes[K], outputs: number): Inferred[];
  /** The op by its definition, in float64. */
  evaluate(inputs: Arrays, attributes: OpAttributes[K], outputs: number): NdArray[];
  /** Its derivative, or why it has none. */
  vjp: Vjp<K> | { readonly none: string };
}

export const discrete = { none: 'its result is discrete' } as const;

/** The i-th input; throws when it was left out. */
export function need<T>(inputs: readonly (T | null)[], i: number): T {
  const value = inputs[i];
  if (!value) throw new Error(`Input ${i} is required.`);
  return value;
}

/** Known elements of the i-th input (the shape of a Reshape, the axes of a reduction …). */
export function needKnown(inputs: Inputs, i: number): readonly Dim[] {
  const value = need(inputs, i);
  if (!value.known) throw new Error(`Input ${i} ("${value.name}") must be a constant or computed from shapes.`);
  return value.known;
}

/** As `needKnown`, for what must be plain numbers. */
export function needNumbers(inputs: Inputs, i: number): number[] {
  return needKnown(inputs, i).map((dim) => {
    if (typeof dim === 'string') throw new Error(`Input ${i} must hold numbers, not the dimension "${dim}".`);
    return dim;
  });
}

export function sameDType(inputs: Inputs): DType {
  const first = need(inputs, 0).dtype;
  for (const input of inputs) {
    if (input && input.dtype !== first) throw new Error(`Element types differ: ${first} and ${input.dtype}.`);
  }
  return first;
}
