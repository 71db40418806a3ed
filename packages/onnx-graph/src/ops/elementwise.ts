import { addDims, broadcast, type Dim, mulDims, subDims } from '../dims.ts';
import type { DType } from '../dtype.ts';
import type { OpName } from './attributes.ts';
import { type Inputs, need, type OpRule, sameDType } from './rule.ts';

type Symbolic = (a: Dim, b: Dim) => Dim;

const unary = <K extends OpName>(): OpRule<K> => ({
  infer: (inputs) => [{ dtype: need(inputs, 0).dtype, shape: need(inputs, 0).shape }],
});

function binaryShape(inputs: Inputs, combine?: Symbolic) {
  const [a, b] = [need(inputs, 0), need(inputs, 1)];
  const shape = broadcast(a.shape, b.shape);
  if (!combine || !a.known || !b.known || shape.length > 1) return { shape };
  const length = Math.max(a.known.length, b.known.length);
  const known = Array.from({ length }, (_, i) => combine(a.known![i] ?? a.known![0]!, b.known![i] ?? b.known![0]!));
  return { shape, known };
}

const binary = <K extends OpName>(combine?: Symbolic): OpRule<K> => ({
  infer: (inputs) => [{ dtype: sameDType(inputs), ...binaryShape(inputs, combine) }],
});

const comparison = <K extends OpName>(): OpRule<K> => ({
  infer: (inputs) => {
    sameDType(inputs);
    return [{ dtype: 'bool' satisfies DType, ...binaryShape(inputs) }];
  },
});

const variadic = <K extends OpName>(): OpRule<K> => ({
  infer: (inputs) => [
    { dtype: sameDType(inputs), shape: inputs.reduce<Dim[]>((shape, x) => broadcast(shape, x?.shape ?? []), []) },
  ],
});

export const elementwise = {
  Abs: unary<'Abs'>(),
  Add: binary<'Add'>(addDims),
  And: binary<'And'>(),
  Clip: unary<'Clip'>(),
  Cos: unary<'Cos'>(),
  Div: binary<'Div'>(),
  Equal: comparison<'Equal'>(),
  Erf: unary<'Erf'>(),
  Exp: unary<'Exp'>(),
  Gelu: unary<'Gelu'>(),
  Greater: comparison<'Greater'>(),
  GreaterOrEqual: comparison<'GreaterOrEqual'>(),
  Identity: {
    infer: (inputs) => [{ dtype: need(inputs, 0).dtype, shape: need(inputs, 0).shape, known: need(inputs, 0).known }],
  } satisfies OpRule<'Identity'>,
  Less: comparison<'Less'>(),
  LessOrEqual: comparison<'LessOrEqual'>(),
  Log: unary<'Log'>(),
  Max: variadic<'Max'>(),
  Min: variadic<'Min'>(),
  Mul: binary<'Mul'>(mulDims),
  Neg: unary<'Neg'>(),
  Not: unary<'Not'>(),
  Or: binary<'Or'>(),
  Pow: {
    infer: (inputs) => [{ dtype: need(inputs, 0).dtype, ...binaryShape(inputs) }],
  } satisfies OpRule<'Pow'>,
  QuickGelu: unary<'QuickGelu'>(),
  Reciprocal: unary<'Reciprocal'>(),
  Relu: unary<'Relu'>(),
  Sigmoid: unary<'Sigmoid'>(),
  Sign: unary<'Sign'>(),
  Sin: unary<'Sin'>(),
  Sqrt: unary<'Sqrt'>(),
  Sub: binary<'Sub'>(subDims),
  Tanh: unary<'Tanh'>(),
  BiasGelu: binary<'BiasGelu'>(),
  Cast: {
    infer: (inputs, { to }) => [
      {
        dtype: to,
        shape: need(inputs, 0).shape,
        known: to === 'int64' || to === 'int32' ? need(inputs, 0).known : undefined,
      },
    ],
  } satisfies OpRule<'Cast'>,
  Where: {
    infer: (inputs) => {
      const [condition, a, b] = [need(inputs, 0), need(inputs, 1), need(inputs, 2)];
      if (condition.dtype !== 'bool') throw new Error('The condition must be bool.');
      return [{ dtype: sameDType([a, b]), shape: broadcast(condition.shape, broadcast(a.shape, b.shape)) }];
    },
  } satisfies OpRule<'Where'>,
};
