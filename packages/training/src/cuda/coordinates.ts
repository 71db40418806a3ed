import type { Shape } from '@parapet/onnx-graph/dims';

/** Coordinates of one element, as C expressions; '0' where there is nothing to choose. */
export type Coordinates = readonly string[];

/** A shape whose dimensions are all numbers; throws on a symbol. */
export function sizes(shape: Shape): number[] {
  return shape.map((dim) => {
    if (typeof dim === 'string') throw new Error(`The device needs sizes, not the dimension "${dim}".`);
    return dim;
  });
}

export const elementsOf = (shape: Shape): number => sizes(shape).reduce((product, size) => product * size, 1);

/** Where an element lies in a row-major array. */
export function offsetOf(at: Coordinates, shape: Shape): string {
  let stride = 1;
  const terms: string[] = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (at[axis] !== '0') terms.unshift(stride === 1 ? at[axis]! : `${at[axis]} * ${stride}`);
    stride *= shape[axis] as number;
  }
  return terms.length === 0 ? '0' : terms.join(' + ');
}

/** Coordinates of the element at a linear index; `name` keeps an intermediate expression and gives what to call it. */
export function coordinatesOf(linear: string, shape: Shape, name: (expression: string) => string): string[] {
  const dims = sizes(shape);
  const at: string[] = [];
  let rest = dims.reduce((product, size) => product * size, 1);
  let left = linear;
  for (const size of dims) {
    rest /= size;
    if (size === 1) at.push('0');
    else if (rest === 1) at.push(name(left));
    else {
      at.push(name(`${wrapped(left)} / ${rest}`));
      left = name(`${wrapped(left)} % ${rest}`);
    }
  }
  return at;
}

/** The coordinates in `from` of the element that a reshape shows at `at` in `to`. */
export function throughReshape(
  at: Coordinates,
  to: Shape,
  from: Shape,
  name: (expression: string) => string,
): Coordinates {
  const [outer, inner] = [sizes(to), sizes(from)];
  const found: string[] = [];
  // Runs of axes with the same number of elements on both sides stand for each other.
  for (let i = 0, j = 0; i < outer.length || j < inner.length; ) {
    const [iStart, jStart] = [i, j];
    let a = i < outer.length ? outer[i++]! : 1;
    let b = j < inner.length ? inner[j++]! : 1;
    while (a !== b) {
      if (a < b) a *= outer[i++]!;
      else b *= inner[j++]!;
    }
    const linear = offsetOf(at.slice(iStart, i), outer.slice(iStart, i));
    found.push(...coordinatesOf(linear, inner.slice(jStart, j), name));
  }
  return found;
}

/** The coordinates in `shape` of what is broadcast to `at`. */
export function throughBroadcast(at: Coordinates, shape: Shape): Coordinates {
  const lead = at.length - shape.length;
  return shape.map((size, axis) => (size === 1 ? '0' : at[axis + lead]!));
}

const wrapped = (expression: string): string => (/^\w+$/.test(expression) ? expression : `(${expression})`);
