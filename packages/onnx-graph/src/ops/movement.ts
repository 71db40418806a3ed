import { addDims, broadcast, type Dim, divDims, normalAxis, productOf, type Shape, subDims } from '../dims.ts';
import { type Inputs, need, needKnown, needNumbers, type OpRule, sameDType } from './rule.ts';

/** The axes a Squeeze drops. */
function squeezeAxes(inputs: Inputs): number[] {
  const { shape } = need(inputs, 0);
  if (inputs[1]) return needNumbers(inputs, 1).map((axis) => normalAxis(axis, shape.length));
  return shape.flatMap((dim, axis) => (dim === 1 ? [axis] : []));
}

function reshaped(shape: Shape, target: readonly Dim[]): Dim[] {
  const dims = target.map((dim, i) => (dim === 0 ? shape[i]! : dim));
  const open = dims.indexOf(-1);
  const total = productOf(shape);
  if (open < 0) {
    if (productOf(dims) !== total) throw new Error(`[${shape.join(', ')}] can't become [${dims.join(', ')}].`);
    return dims;
  }
  const rest = productOf(dims.filter((_, i) => i !== open));
  const filled = divDims(total, rest);
  if (filled === undefined) throw new Error(`${total} elements are no multiple of ${rest}.`);
  dims[open] = filled;
  return dims;
}

export interface SliceRange {
  axis: number;
  start: Dim;
  end: Dim;
  step: number;
}

/** Slice's inputs as one range an axis; ends past the dimension are cut to it, negative ones count from it. */
export function sliceRanges(inputs: Inputs): SliceRange[] {
  const { shape } = need(inputs, 0);
  const starts = needKnown(inputs, 1);
  const ends = needKnown(inputs, 2);
  const axes = inputs[3] ? needNumbers(inputs, 3) : starts.map((_, i) => i);
  const steps = inputs[4] ? needNumbers(inputs, 4) : starts.map(() => 1);
  return axes.map((given, i) => {
    const axis = normalAxis(given, shape.length);
    const size = shape[axis]!;
    const bound = (at: Dim): Dim => {
      if (typeof at === 'string') return at;
      if (at < 0) return typeof size === 'number' ? Math.max(0, size + at) : addDims(size, at);
      if (typeof size === 'number') return Math.min(size, at);
      return at >= 2 ** 31 - 1 ? size : at;
    };
    return { axis, start: bound(starts[i]!), end: bound(ends[i]!), step: steps[i]! };
  });
}

function sliced(shape: Shape, ranges: readonly SliceRange[]): Dim[] {
  const dims = [...shape];
  for (const { axis, start, end, step } of ranges) {
    if (step < 1) throw new Error('Only positive steps are supported.');
    const length = subDims(end, start);
    if (typeof length === 'number') dims[axis] = Math.max(0, Math.ceil(length / step));
    else if (step === 1) dims[axis] = length;
    else throw new Error(`A step of ${step} over the symbolic length ${length} has no known size.`);
  }
  return dims;
}

/** The sizes Split gives: its second input, or equal parts. */
export function splitSizes(inputs: Inputs, axis: number, outputs: number): Dim[] {
  if (inputs[1]) return [...needKnown(inputs, 1)];
  const size = divDims(need(inputs, 0).shape[axis]!, outputs);
  if (size === undefined) throw new Error(`${need(inputs, 0).shape[axis]} can't be split into ${outputs} equal parts.`);
  return Array.from({ length: outputs }, () => size);
}

export const movement = {
  Concat: {
    infer: (inputs, { axis }) => {
      const dtype = sameDType(inputs);
      const first = need(inputs, 0);
      const at = normalAxis(axis, first.shape.length);
      const shape = [...first.shape];
      shape[at] = 0;
      for (const input of inputs) {
        const given = input!.shape;
        for (const [i, dim] of given.entries()) {
          if (i !== at && dim !== shape[i]) throw new Error(`Dimension ${i} is ${dim} and ${shape[i]}.`);
        }
        shape[at] = addDims(shape[at]!, given[at]!);
      }
      const known = inputs.every((x) => x?.known) && shape.length === 1 ? inputs.flatMap((x) => x!.known!) : undefined;
      return [{ dtype, shape, known }];
    },
  } satisfies OpRule<'Concat'>,
  Expand: {
    infer: (inputs) => {
      const x = need(inputs, 0);
      return [{ dtype: x.dtype, shape: broadcast(x.shape, needKnown(inputs, 1)) }];
    },
  } satisfies OpRule<'Expand'>,
  Range: {
    infer: (inputs) => {
      const [start, limit, step] = [0, 1, 2].map((i) => needKnown(inputs, i)[0]!);
      if (step !== 1) throw new Error('Only steps of 1 are supported.');
      return [{ dtype: sameDType(inputs), shape: [subDims(limit!, start!)] }];
    },
  } satisfies OpRule<'Range'>,
  Reshape: {
    infer: (inputs) => {
      const x = need(inputs, 0);
      const shape = reshaped(x.shape, needKnown(inputs, 1));
      return [{ dtype: x.dtype, shape, known: shape.length <= 1 ? x.known : undefined }];
    },
  } satisfies OpRule<'Reshape'>,
  Shape: {
    infer: (inputs, { start = 0, end }) => {
      const known = need(inputs, 0).shape.slice(start, end);
      return [{ dtype: 'int64', shape: [known.length], known }];
    },
  } satisfies OpRule<'Shape'>,
  Slice: {
    infer: (inputs) => {
      const x = need(inputs, 0);
      const ranges = sliceRanges(inputs);
      const range = ranges[0];
      const plain = x.known && range && typeof range.start === 'number' && typeof range.end === 'number';
      const known = plain ? x.known!.slice(range.start as number, range.end as number) : undefined;
      return [{ dtype: x.dtype, shape: sliced(x.shape, ranges), known: range?.step === 1 ? known : undefined }];
    },
  } satisfies OpRule<'Slice'>,
  Split: {
    infer: (inputs, { axis = 0 }, outputs) => {
      const x = need(inputs, 0);
      const at = normalAxis(axis, x.shape.length);
      const sizes = splitSizes(inputs, at, outputs);
      if (sizes.length !== outputs) throw new Error(`${sizes.length} sizes were given for ${outputs} outputs.`);
      if (sizes.reduce(addDims, 0) !== x.shape[at]) {
        throw new Error(`Sizes ${sizes.join(' + ')} do not add up to ${x.shape[at]}.`);
      }
      return sizes.map((size) => ({ dtype: x.dtype, shape: x.shape.with(at, size) }));
    },
  } satisfies OpRule<'Split'>,
  Squeeze: {
    infer: (inputs) => {
      const x = need(inputs, 0);
      const axes = squeezeAxes(inputs);
      for (const axis of axes) {
        if (x.shape[axis] !== 1) throw new Error(`Axis ${axis} has ${x.shape[axis]} elements, not 1.`);
      }
      return [{ dtype: x.dtype, shape: x.shape.filter((_, i) => !axes.includes(i)), known: x.known }];
    },
  } satisfies OpRule<'Squeeze'>,
  Transpose: {
    infer: (inputs, { perm }) => {
      const x = need(inputs, 0);
      if ([...perm].sort((a, b) => a - b).join() !== x.shape.map((_, i) => i).join()) {
        throw new Error(`[${perm.join(', ')}] is no permutation of ${x.shape.length} axes.`);
      }
      return [{ dtype: x.dtype, shape: perm.map((axis) => x.shape[axis]!) }];
    },
  } satisfies OpRule<'Transpose'>,
  Trilu: {
    infer: (inputs) => [{ dtype: need(inputs, 0).dtype, shape: need(inputs, 0).shape }],
  } satisfies OpRule<'Trilu'>,
  Unsqueeze: {
    infer: (inputs) => {
      const x = need(inputs, 0);
      const given = needNumbers(inputs, 1);
      const rank = x.shape.length + given.length;
      const axes = given.map((axis) => normalAxis(axis, rank));
      const rest = [...x.shape];
      const shape = Array.from({ length: rank }, (_, i): Dim => (axes.includes(i) ? 1 : rest.shift()!));
      return [{ dtype: x.dtype, shape, known: rank <= 1 ? x.known : undefined }];
    },
  } satisfies OpRule<'Unsqueeze'>,
};
