import { normalAxis } from '../dims.ts';
import { need, needKnown, type OpRule } from './rule.ts';

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
  } satisfies OpRule<'Gather'>,
  GatherElements: {
    infer: (inputs) => [{ dtype: need(inputs, 0).dtype, shape: need(inputs, 1).shape }],
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
  } satisfies OpRule<'GatherND'>,
  OneHot: {
    infer: (inputs, { axis = -1 }) => {
      const indices = need(inputs, 0);
      const depth = needKnown(inputs, 1)[0]!;
      const at = normalAxis(axis, indices.shape.length + 1);
      return [{ dtype: need(inputs, 2).dtype, shape: indices.shape.toSpliced(at, 0, depth) }];
    },
  } satisfies OpRule<'OneHot'>,
  ScatterElements: {
    infer: (inputs) => [{ dtype: need(inputs, 0).dtype, shape: need(inputs, 0).shape }],
  } satisfies OpRule<'ScatterElements'>,
  ScatterND: {
    infer: (inputs) => [{ dtype: need(inputs, 0).dtype, shape: need(inputs, 0).shape }],
  } satisfies OpRule<'ScatterND'>,
};
