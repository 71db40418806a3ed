import type { Dim, Shape } from '../dims.ts';
import type { DType } from '../dtype.ts';
import type { Value } from '../graph.ts';
import type { OpAttributes, OpName } from './attributes.ts';

/** What an op gives: element type, shape and, for small integer results, the elements themselves. */
export interface Inferred {
  dtype: DType;
  shape: Shape;
  known?: readonly Dim[];
}

export type Inputs = readonly (Value | null)[];

/** All that is known of an op. */
export interface OpRule<K extends OpName> {
  /** Element types and shapes of the outputs; throws on inputs that do not fit. */
  infer(inputs: Inputs, attributes: OpAttributes[K], outputs: number): Inferred[];
}

/** The i-th input; throws when it was left out. */
export function need(inputs: Inputs, i: number): Value {
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
