import { dimsVector, padLike, reshape, transpose, unbroadcast, zeros } from '../build.ts';
import { addDims, broadcast, type Dim, divDims, normalAxis, productOf, type Shape, subDims } from '../dims.ts';
import type { Value } from '../graph.ts';
import { broadcastShapes, forEachIndex, mapElements, type NdArray, ndarray, sizeOf, stridesOf } from '../ndarray.ts';
import { discrete, type Inputs, need, needKnown, needNumbers, type OpRule, sameDType } from './rule.ts';

/** The elements of a new array, each read from coordinates of an old one. */
function gatherBy(x: NdArray, shape: readonly number[], source: (at: readonly number[]) => readonly number[]): NdArray {
  const strides = stridesOf(x.shape);
  const data = new Float64Array(sizeOf(shape));
  forEachIndex(shape, (flat, at) => {
    data[flat] = x.data[source(at).reduce((index, i, axis) => index + i * strides[axis]!, 0)]!;
  });
  return { dtype: x.dtype, shape, data };
}

const numbersOf = (x: NdArray): number[] => Array.from(x.data);

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
    evaluate: (inputs, { axis }) => {
      const arrays = inputs.map((_, i) => need(inputs, i));
      const first = arrays[0]!;
      const at = normalAxis(axis, first.shape.length);
      const size = arrays.reduce((n, x) => n + x.shape[at]!, 0);
      const inner = sizeOf(first.shape.slice(at + 1));
      const data = new Float64Array(sizeOf(first.shape.with(at, size)));
      for (let outer = 0, to = 0; outer < sizeOf(first.shape.slice(0, at)); outer++) {
        for (const x of arrays) {
          const run = x.shape[at]! * inner;
          data.set(x.data.subarray(outer * run, (outer + 1) * run), to);
          to += run;
        }
      }
      return [{ dtype: first.dtype, shape: first.shape.with(at, size), data }];
    },
    vjp: ({ g, inputs, dy, attributes: { axis } }) => {
      const at = normalAxis(axis, dy.shape.length);
      const sizes = dimsVector(
        g,
        inputs.map((x) => x.shape[at]!),
      );
      let parts: Value[] | undefined;
      return inputs.map((_, i) => () => {
        parts ??= g.op('Split', [dy, sizes], { axis: at }, inputs.length);
        return parts[i]!;
      });
    },
  } satisfies OpRule<'Concat'>,
  Expand: {
    infer: (inputs) => {
      const x = need(inputs, 0);
      return [{ dtype: x.dtype, shape: broadcast(x.shape, needKnown(inputs, 1)) }];
    },
    evaluate: (inputs) => {
      const shape = broadcastShapes(need(inputs, 0).shape, numbersOf(need(inputs, 1)));
      return [mapElements([need(inputs, 0), ndarray(shape, 0)], (x) => x)];
    },
    vjp: ({ inputs: [x], dy }) => [() => unbroadcast(dy, x!), null],
  } satisfies OpRule<'Expand'>,
  Range: {
    infer: (inputs) => {
      const [start, limit, step] = [0, 1, 2].map((i) => needKnown(inputs, i)[0]!);
      if (step !== 1) throw new Error('Only steps of 1 are supported.');
      return [{ dtype: sameDType(inputs), shape: [subDims(limit!, start!)] }];
    },
    evaluate: (inputs) => {
      const [start, limit] = [need(inputs, 0).data[0]!, need(inputs, 1).data[0]!];
      const length = Math.max(0, Math.ceil(limit - start));
      return [
        ndarray(
          [length],
          Array.from({ length }, (_, i) => start + i),
          need(inputs, 0).dtype,
        ),
      ];
    },
    vjp: discrete,
  } satisfies OpRule<'Range'>,
  Reshape: {
    infer: (inputs) => {
      const x = need(inputs, 0);
      const shape = reshaped(x.shape, needKnown(inputs, 1));
      return [{ dtype: x.dtype, shape, known: shape.length <= 1 ? x.known : undefined }];
    },
    evaluate: (inputs) => {
      const x = need(inputs, 0);
      return [{ ...x, shape: reshaped(x.shape, numbersOf(need(inputs, 1))) as number[] }];
    },
    vjp: ({ inputs: [x], dy }) => [() => reshape(dy, x!.shape), null],
  } satisfies OpRule<'Reshape'>,
  Shape: {
    infer: (inputs, { start = 0, end }) => {
      const known = need(inputs, 0).shape.slice(start, end);
      return [{ dtype: 'int64', shape: [known.length], known }];
    },
    evaluate: (inputs, { start = 0, end }) => {
      const dims = need(inputs, 0).shape.slice(start, end);
      return [ndarray([dims.length], dims, 'int64')];
    },
    vjp: discrete,
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
    evaluate: ([x, starts, ends, axes, steps]) => {
      const shape = [...x!.shape];
      const from = shape.map(() => 0);
      const by = shape.map(() => 1);
      for (const [i, start] of starts!.data.entries()) {
        const axis = normalAxis(axes?.data[i] ?? i, shape.length);
        const size = x!.shape[axis]!;
        const bound = (at: number) => Math.min(size, Math.max(0, at < 0 ? at + size : at));
        from[axis] = bound(start);
        by[axis] = steps?.data[i] ?? 1;
        shape[axis] = Math.max(0, Math.ceil((bound(ends!.data[i]!) - from[axis]!) / by[axis]!));
      }
      return [gatherBy(x!, shape, (at) => at.map((i, axis) => from[axis]! + i * by[axis]!))];
    },
    vjp: ({ node, inputs: [x], dy }) => [
      () => {
        const ranges = sliceRanges(node.inputs);
        if (ranges.some((range) => range.step !== 1)) throw new Error('Slice has a gradient rule for step 1 only.');
        // Widen one axis after another, the last one sliced first.
        return ranges.reduceRight((wide, { axis, start }, i) => {
          const before = ranges.slice(0, i).reduce((shape, r) => shape.with(r.axis, subDims(r.end, r.start)), x!.shape);
          return padLike(wide, { ...x!, shape: before }, axis, start);
        }, dy);
      },
      null,
      null,
      null,
      null,
    ],
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
    evaluate: (inputs, { axis = 0 }, outputs) => {
      const x = need(inputs, 0);
      const at = normalAxis(axis, x.shape.length);
      const sizes = inputs[1] ? numbersOf(inputs[1]) : Array.from({ length: outputs }, () => x.shape[at]! / outputs);
      let start = 0;
      return sizes.map((size) => {
        const from = start;
        start += size;
        return gatherBy(x, x.shape.with(at, size), (i) => i.with(at, i[at]! + from));
      });
    },
    vjp: ({ g, outputs, dys, attributes: { axis = 0 } }) => [
      () =>
        g.op(
          'Concat',
          outputs.map((y, i) => dys[i] ?? zeros(y)),
          { axis: normalAxis(axis, outputs[0]!.shape.length) },
        ),
      null,
    ],
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
    evaluate: (inputs) => {
      const x = need(inputs, 0);
      const axes = inputs[1] ? numbersOf(inputs[1]).map((axis) => normalAxis(axis, x.shape.length)) : undefined;
      return [{ ...x, shape: x.shape.filter((dim, i) => (axes ? !axes.includes(i) : dim !== 1)) }];
    },
    vjp: ({ inputs: [x], dy }) => [() => reshape(dy, x!.shape), null],
  } satisfies OpRule<'Squeeze'>,
  Transpose: {
    infer: (inputs, { perm }) => {
      const x = need(inputs, 0);
      if ([...perm].sort((a, b) => a - b).join() !== x.shape.map((_, i) => i).join()) {
        throw new Error(`[${perm.join(', ')}] is no permutation of ${x.shape.length} axes.`);
      }
      return [{ dtype: x.dtype, shape: perm.map((axis) => x.shape[axis]!) }];
    },
    evaluate: (inputs, { perm }) => {
      const x = need(inputs, 0);
      const shape = perm.map((axis) => x.shape[axis]!);
      return [gatherBy(x, shape, (at) => x.shape.map((_, axis) => at[perm.indexOf(axis)]!))];
    },
    vjp: ({ dy, attributes: { perm } }) => [
      () =>
        transpose(
          dy,
          perm.map((_, axis) => perm.indexOf(axis)),
        ),
    ],
  } satisfies OpRule<'Transpose'>,
  Trilu: {
    infer: (inputs) => [{ dtype: need(inputs, 0).dtype, shape: need(inputs, 0).shape }],
    evaluate: (inputs, { upper = 1 }) => {
      const x = need(inputs, 0);
      const k = inputs[1]?.data[0] ?? 0;
      const data = Float64Array.from(x.data);
      forEachIndex(x.shape, (flat, at) => {
        const above = at.at(-1)! - at.at(-2)! - k;
        if (upper ? above < 0 : above > 0) data[flat] = 0;
      });
      return [{ ...x, data }];
    },
    vjp: ({ g, node, dy, attributes }) => [() => g.op('Trilu', [dy, node.inputs[1] ?? null], attributes), null],
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
    evaluate: (inputs) => {
      const x = need(inputs, 0);
      const given = numbersOf(need(inputs, 1));
      const axes = given.map((axis) => normalAxis(axis, x.shape.length + given.length));
      const rest = [...x.shape];
      const shape = Array.from({ length: rest.length + axes.length }, (_, i) => (axes.includes(i) ? 1 : rest.shift()!));
      return [{ ...x, shape }];
    },
    vjp: ({ inputs: [x], dy }) => [() => reshape(dy, x!.shape), null],
  } satisfies OpRule<'Unsqueeze'>,
};
