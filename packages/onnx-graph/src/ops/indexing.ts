import { transpose, zeros } from '../build.ts';
import { normalAxis, type Shape } from '../dims.ts';
import { forEachIndex, mapElements, type NdArray, sizeOf, stridesOf } from '../ndarray.ts';
import { need, needKnown, type OpRule } from './rule.ts';

const wrap = (i: number, size: number): number => (i < 0 ? i + size : i);

/** For each row of coordinates the place of its first element in data, and how many elements follow it. */
function rowsOf(data: NdArray, indices: NdArray, batchDims = 0): { starts: number[]; length: number } {
  const r = indices.shape.at(-1)!;
  const strides = stridesOf(data.shape);
  const rows = sizeOf(indices.shape.slice(0, -1));
  const perBatch = rows / sizeOf(indices.shape.slice(0, batchDims));
  const batchSize = sizeOf(data.shape.slice(batchDims));
  const starts = Array.from({ length: rows }, (_, row) => {
    let at = Math.floor(row / perBatch) * batchSize;
    for (let i = 0; i < r; i++) {
      const axis = batchDims + i;
      at += wrap(indices.data[row * r + i]!, data.shape[axis]!) * strides[axis]!;
    }
    return at;
  });
  return { starts, length: sizeOf(data.shape.slice(batchDims + r)) };
}

/** Where each element of indices points to along the axis. */
function targetsOf(data: NdArray, indices: NdArray, axis: number): number[] {
  const strides = stridesOf(data.shape);
  const targets: number[] = [];
  forEachIndex(indices.shape, (flat, at) => {
    const along = wrap(indices.data[flat]!, data.shape[axis]!);
    targets.push(at.reduce((index, i, dim) => index + (dim === axis ? along : i) * strides[dim]!, 0));
  });
  return targets;
}

const likeData = (inputs: Parameters<OpRule<'ScatterND'>['infer']>[0]) => [
  { dtype: need(inputs, 0).dtype, shape: need(inputs, 0).shape },
];

/** The order of axes that brings `axis` to the front. */
const toFront = (shape: Shape, axis: number): number[] => [axis, ...shape.map((_, i) => i).filter((i) => i !== axis)];

export const indexing = {
  /** data [..., n, ...] and indices [i…] → [..., i…, ...]. */
  Gather: {
    infer: (inputs, { axis = 0 }) => {
      const [data, indices] = [need(inputs, 0), need(inputs, 1)];
      const at = normalAxis(axis, data.shape.length);
      const shape = [...data.shape.slice(0, at), ...indices.shape, ...data.shape.slice(at + 1)];
      const numbers = indices.known?.every((i) => typeof i === 'number') ? (indices.known as number[]) : undefined;
      const known = data.known && numbers && shape.length <= 1 ? numbers.map((i) => data.known!.at(i)!) : undefined;
      return [{ dtype: data.dtype, shape, known }];
    },
    evaluate: (inputs, { axis = 0 }) => {
      const [data, indices] = [need(inputs, 0), need(inputs, 1)];
      const at = normalAxis(axis, data.shape.length);
      const [outer, size] = [sizeOf(data.shape.slice(0, at)), data.shape[at]!];
      const inner = sizeOf(data.shape.slice(at + 1));
      const shape = [...data.shape.slice(0, at), ...indices.shape, ...data.shape.slice(at + 1)];
      const result = new Float64Array(sizeOf(shape));
      for (let o = 0, to = 0; o < outer; o++) {
        for (const index of indices.data) {
          const from = (o * size + wrap(index, size)) * inner;
          result.set(data.data.subarray(from, from + inner), to);
          to += inner;
        }
      }
      return [{ dtype: data.dtype, shape, data: result }];
    },
    // Rows of dy are added where they were read: d data = scatter-add(dy).
    vjp: ({ g, inputs: [data, indices], dy, attributes: { axis = 0 } }) => [
      () => {
        const at = normalAxis(axis, data!.shape.length);
        const order = toFront(data!.shape, at);
        const rank = indices!.shape.length;
        const picked = indices!.shape.map((_, i) => at + i);
        const rest = dy.shape.map((_, i) => i).filter((i) => i < at || i >= at + rank);
        const front = at === 0 ? data! : transpose(data!, order);
        const rows = at === 0 ? dy : transpose(dy, [...picked, ...rest]);
        const sum = g.op('ScatterND', [zeros(front), g.op('Unsqueeze', [indices!, [-1]]), rows], { reduction: 'add' });
        return at === 0
          ? sum
          : transpose(
              sum,
              order.map((_, i) => order.indexOf(i)),
            );
      },
      null,
    ],
  } satisfies OpRule<'Gather'>,
  GatherElements: {
    infer: (inputs) => [{ dtype: need(inputs, 0).dtype, shape: need(inputs, 1).shape }],
    evaluate: (inputs, { axis = 0 }) => {
      const [data, indices] = [need(inputs, 0), need(inputs, 1)];
      const targets = targetsOf(data, indices, normalAxis(axis, data.shape.length));
      return [{ dtype: data.dtype, shape: indices.shape, data: Float64Array.from(targets, (i) => data.data[i]!) }];
    },
    vjp: ({ g, inputs: [data, indices], dy, attributes: { axis = 0 } }) => [
      () => g.op('ScatterElements', [zeros(data!), indices!, dy], { axis, reduction: 'add' }),
      null,
    ],
  } satisfies OpRule<'GatherElements'>,
  /** data and indices [..., r] → indices' leading dimensions, then what r coordinates leave of data. */
  GatherND: {
    infer: (inputs, { batch_dims = 0 }) => {
      const [data, indices] = [need(inputs, 0), need(inputs, 1)];
      const coordinates = indices.shape.at(-1);
      if (typeof coordinates !== 'number') throw new Error("The indices' last dimension must be a number.");
      return [
        { dtype: data.dtype, shape: [...indices.shape.slice(0, -1), ...data.shape.slice(batch_dims + coordinates)] },
      ];
    },
    evaluate: (inputs, { batch_dims = 0 }) => {
      const [data, indices] = [need(inputs, 0), need(inputs, 1)];
      const { starts, length } = rowsOf(data, indices, batch_dims);
      const result = new Float64Array(starts.length * length);
      for (const [row, start] of starts.entries()) {
        result.set(data.data.subarray(start, start + length), row * length);
      }
      const left = data.shape.slice(batch_dims + indices.shape.at(-1)!);
      return [{ dtype: data.dtype, shape: [...indices.shape.slice(0, -1), ...left], data: result }];
    },
    vjp: ({ g, inputs: [data, indices], dy, attributes: { batch_dims = 0 } }) => [
      () => {
        if (batch_dims > 0)
          throw new Error('GatherND has a gradient rule without batch_dims: flatten the batch first.');
        return g.op('ScatterND', [zeros(data!), indices!, dy], { reduction: 'add' });
      },
      null,
    ],
  } satisfies OpRule<'GatherND'>,
  OneHot: {
    infer: (inputs, { axis = -1 }) => {
      const indices = need(inputs, 0);
      const depth = needKnown(inputs, 1)[0]!;
      const at = normalAxis(axis, indices.shape.length + 1);
      return [{ dtype: need(inputs, 2).dtype, shape: indices.shape.toSpliced(at, 0, depth) }];
    },
    evaluate: ([indices, depth, values], { axis = -1 }) => {
      const size = depth!.data[0]!;
      const at = normalAxis(axis, indices!.shape.length + 1);
      const spread = { ...indices!, shape: indices!.shape.toSpliced(at, 0, 1) };
      const rest = spread.shape.length - at - 1;
      const steps: NdArray = {
        dtype: 'int64',
        shape: [size, ...new Array<number>(rest).fill(1)],
        data: Float64Array.from({ length: size }, (_, i) => i),
      };
      const [off, on] = values!.data;
      return [mapElements([spread, steps], (i, step) => (wrap(i, size) === step ? on! : off!), values!.dtype)];
    },
    vjp: { none: 'its inputs are indices and constants' },
  } satisfies OpRule<'OneHot'>,
  /** data with updates written (or added) where indices point along the axis. */
  ScatterElements: {
    infer: likeData,
    evaluate: ([data, indices, updates], { axis = 0, reduction = 'none' }) => {
      const result = Float64Array.from(data!.data);
      for (const [i, to] of targetsOf(data!, indices!, normalAxis(axis, data!.shape.length)).entries()) {
        result[to] = (reduction === 'add' ? result[to]! : 0) + updates!.data[i]!;
      }
      return [{ ...data!, data: result }];
    },
    vjp: ({ g, inputs: [, indices, updates], dy, attributes: { axis = 0, reduction } }) => [
      () => (reduction === 'add' ? dy : g.op('ScatterElements', [dy, indices!, zeros(updates!)], { axis })),
      null,
      () => g.op('GatherElements', [dy, indices!], { axis }),
    ],
  } satisfies OpRule<'ScatterElements'>,
  /** As ScatterElements, by rows of coordinates. Without reduction no two rows may be equal. */
  ScatterND: {
    infer: likeData,
    evaluate: ([data, indices, updates], { reduction = 'none' }) => {
      const { starts, length } = rowsOf(data!, indices!);
      const result = Float64Array.from(data!.data);
      for (const [row, start] of starts.entries()) {
        for (let i = 0; i < length; i++) {
          const before = reduction === 'add' ? result[start + i]! : 0;
          result[start + i] = before + updates!.data[row * length + i]!;
        }
      }
      return [{ ...data!, data: result }];
    },
    vjp: ({ g, inputs: [, indices, updates], dy, attributes: { reduction } }) => [
      () => (reduction === 'add' ? dy : g.op('ScatterND', [dy, indices!, zeros(updates!)], {})),
      null,
      () => g.op('GatherND', [dy, indices!], {}),
    ],
  } satisfies OpRule<'ScatterND'>,
};
