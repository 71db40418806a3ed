import { type Dim, normalAxis } from '../dims.ts';
import type { OpAttributes, OpName } from './attributes.ts';
import { type Inputs, need, needNumbers, type OpRule } from './rule.ts';

type ReduceName = 'ReduceMax' | 'ReduceMean' | 'ReduceMin' | 'ReduceSum';

/** Axes of a reduction: its second input, all when left out. */
export function reduceAxes(inputs: Inputs): number[] {
  const { shape } = need(inputs, 0);
  return inputs[1] ? needNumbers(inputs, 1).map((axis) => normalAxis(axis, shape.length)) : shape.map((_, i) => i);
}

function reducedShape(inputs: Inputs, keepdims: 0 | 1): Dim[] {
  const axes = reduceAxes(inputs);
  const { shape } = need(inputs, 0);
  return keepdims ? shape.map((dim, i) => (axes.includes(i) ? 1 : dim)) : shape.filter((_, i) => !axes.includes(i));
}

const reduction = <K extends ReduceName>(): OpRule<K> => ({
  infer: (inputs, { keepdims = 1 }: OpAttributes[ReduceName]) => [
    { dtype: need(inputs, 0).dtype, shape: reducedShape(inputs, keepdims) },
  ],
});

const alongAxis = <K extends OpName>(): OpRule<K> => ({
  infer: (inputs) => [{ dtype: need(inputs, 0).dtype, shape: need(inputs, 0).shape }],
});

export const reduce = {
  ArgMax: {
    infer: (inputs, { axis = 0, keepdims = 1 }) => {
      const { shape } = need(inputs, 0);
      const at = normalAxis(axis, shape.length);
      return [{ dtype: 'int64', shape: keepdims ? shape.with(at, 1) : shape.filter((_, i) => i !== at) }];
    },
  } satisfies OpRule<'ArgMax'>,
  CumSum: alongAxis<'CumSum'>(),
  LogSoftmax: alongAxis<'LogSoftmax'>(),
  ReduceMax: reduction<'ReduceMax'>(),
  ReduceMean: reduction<'ReduceMean'>(),
  ReduceMin: reduction<'ReduceMin'>(),
  ReduceSum: reduction<'ReduceSum'>(),
  Softmax: alongAxis<'Softmax'>(),
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
  } satisfies OpRule<'TopK'>,
};
