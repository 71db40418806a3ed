import { type DType, isFloat } from './dtype.ts';

/**
 * An array of the reference evaluator. All elements are doubles: floats of any width are computed in float64,
 * integers are exact to 2^53, booleans are 0 and 1.
 */
export interface NdArray {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export function ndarray(shape: readonly number[], data: ArrayLike<number> | number, dtype: DType = 'float64'): NdArray {
  const size = sizeOf(shape);
  const elements = typeof data === 'number' ? new Float64Array(size).fill(data) : Float64Array.from(data);
  if (elements.length !== size) throw new Error(`${elements.length} elements do not fill [${shape.join(', ')}].`);
  return { dtype, shape, data: elements };
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((n, dim) => n * dim, 1);
}

/** Elements between neighbours along each axis, row-major. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = strides[i + 1]! * shape[i + 1]!;
  return strides;
}

/** Calls `visit(flat index, coordinates)` for every element; the coordinates are reused, not kept. */
export function forEachIndex(shape: readonly number[], visit: (flat: number, at: readonly number[]) => void): void {
  const at = new Array<number>(shape.length).fill(0);
  const size = sizeOf(shape);
  for (let flat = 0; flat < size; flat++) {
    visit(flat, at);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (++at[axis]! < shape[axis]!) break;
      at[axis] = 0;
    }
  }
}

/** The flat index in an array of `shape` that broadcasts to coordinates `at`. */
export function broadcastIndex(shape: readonly number[], strides: readonly number[], at: readonly number[]): number {
  const skip = at.length - shape.length;
  let flat = 0;
  for (let i = 0; i < shape.length; i++) if (shape[i] !== 1) flat += strides[i]! * at[i + skip]!;
  return flat;
}

export function broadcastShapes(...shapes: (readonly number[])[]): number[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, i) =>
    shapes.reduce((size, shape) => {
      const dim = shape[i - rank + shape.length] ?? 1;
      if (size !== 1 && dim !== 1 && size !== dim) throw new Error(`Sizes ${size} and ${dim} do not broadcast.`);
      return size === 1 ? dim : size;
    }, 1),
  );
}

/** f over the elements of arrays broadcast together. */
export function mapElements(arrays: readonly NdArray[], f: (...x: number[]) => number, dtype?: DType): NdArray {
  const shape = broadcastShapes(...arrays.map((array) => array.shape));
  const data = new Float64Array(sizeOf(shape));
  const strides = arrays.map((array) => stridesOf(array.shape));
  const x = new Array<number>(arrays.length);
  forEachIndex(shape, (flat, at) => {
    for (const [i, array] of arrays.entries()) x[i] = array.data[broadcastIndex(array.shape, strides[i]!, at)]!;
    data[flat] = f(...x);
  });
  return { dtype: dtype ?? arrays[0]!.dtype, shape, data };
}

/** Calls `visit` with the flat indices of each line along `axis`. */
export function forEachLine(shape: readonly number[], axis: number, visit: (line: readonly number[]) => void): void {
  const strides = stridesOf(shape);
  const step = strides[axis]!;
  forEachIndex(shape.with(axis, 1), (_, at) => {
    const start = at.reduce((flat, i, dim) => flat + i * strides[dim]!, 0);
    visit(Array.from({ length: shape[axis]! }, (_, i) => start + i * step));
  });
}

/** Rounds to what the element type can hold, as a Cast does (floats stay float64). */
export function castArray(x: NdArray, dtype: DType): NdArray {
  if (isFloat(dtype)) return { ...x, dtype };
  return { ...x, dtype, data: dtype === 'bool' ? x.data.map((v) => (v === 0 ? 0 : 1)) : x.data.map(Math.trunc) };
}
