import { add, div, indicator, mul, neg, pow, sigmoid, sub, unbroadcast } from '../build.ts';
import { addDims, broadcast, type Dim, mulDims, subDims } from '../dims.ts';
import { isFloat } from '../dtype.ts';
import type { Value } from '../graph.ts';
import { castArray, mapElements, type NdArray } from '../ndarray.ts';
import type { OpAttributes, OpName } from './attributes.ts';
import { erf, erfDerivative, gelu, geluDerivative, tanhGelu, tanhGeluDerivative } from './gelu.ts';
import { type Arrays, type Backward, discrete, type Inputs, need, type OpRule, sameDType, type Vjp } from './rule.ts';

type Symbolic = (a: Dim, b: Dim) => Dim;

const present = (inputs: Arrays): NdArray[] => inputs.filter((input): input is NdArray => input !== null);

/** y = f(x); `derivative` gives dx from x, y and dy. */
function unary<K extends OpName>(
  f: (x: number, attributes: OpAttributes[K]) => number,
  derivative: ((x: Value, y: Value, dy: Value, attributes: OpAttributes[K]) => Value) | { none: string },
): OpRule<K> {
  return {
    infer: (inputs) => [{ dtype: need(inputs, 0).dtype, shape: need(inputs, 0).shape }],
    evaluate: (inputs, attributes) => [mapElements([need(inputs, 0)], (x) => f(x, attributes))],
    vjp:
      typeof derivative === 'object'
        ? derivative
        : ({ inputs: [x], outputs: [y], dy, attributes }) => [() => derivative(x!, y!, dy, attributes)],
  };
}

function binaryShape(inputs: Inputs, combine?: Symbolic) {
  const [a, b] = [need(inputs, 0), need(inputs, 1)];
  const shape = broadcast(a.shape, b.shape);
  if (!combine || !a.known || !b.known || shape.length > 1) return { shape };
  const length = Math.max(a.known.length, b.known.length);
  const known = Array.from({ length }, (_, i) => combine(a.known![i] ?? a.known![0]!, b.known![i] ?? b.known![0]!));
  return { shape, known };
}

type Partial2 = (a: Value, b: Value, y: Value, dy: Value) => Value;

/** y = f(a, b), broadcast; `da` and `db` give the gradients of y's shape. */
function binary<K extends OpName>(
  f: (a: number, b: number) => number,
  gradient: { da: Partial2; db: Partial2; combine?: Symbolic } | { none: string },
): OpRule<K> {
  const vjp: Vjp<K> = ({ inputs: [a, b], outputs: [y], dy }: Backward<K>) => {
    if ('none' in gradient) throw new Error(gradient.none);
    return [() => unbroadcast(gradient.da(a!, b!, y!, dy), a!), () => unbroadcast(gradient.db(a!, b!, y!, dy), b!)];
  };
  return {
    infer: (inputs) => [
      { dtype: sameDType(inputs), ...binaryShape(inputs, 'none' in gradient ? undefined : gradient.combine) },
    ],
    evaluate: (inputs) => [mapElements([need(inputs, 0), need(inputs, 1)], f)],
    vjp: 'none' in gradient ? gradient : vjp,
  };
}

function comparison<K extends OpName>(holds: (a: number, b: number) => boolean): OpRule<K> {
  return {
    infer: (inputs) => {
      sameDType(inputs);
      return [{ dtype: 'bool', ...binaryShape(inputs) }];
    },
    evaluate: (inputs) => [mapElements([need(inputs, 0), need(inputs, 1)], (a, b) => (holds(a, b) ? 1 : 0), 'bool')],
    vjp: discrete,
  };
}

/** y = max or min of all: the gradient goes to the winner, shared equally among equals. */
function extremum<K extends 'Max' | 'Min'>(f: (...x: number[]) => number): OpRule<K> {
  return {
    infer: (inputs) => [
      { dtype: sameDType(inputs), shape: inputs.reduce<Dim[]>((shape, x) => broadcast(shape, x?.shape ?? []), []) },
    ],
    evaluate: (inputs) => [mapElements(present(inputs), f)],
    vjp: ({ g, inputs, outputs: [y], dy }) => {
      const wins = inputs.map((x) => indicator(g.op('Equal', [x, y!]), y!.dtype));
      const share = div(dy, wins.reduce(add));
      return inputs.map((x, i) => () => unbroadcast(mul(share, wins[i]!), x));
    },
  };
}

export const elementwise = {
  // d|x| = sign x
  Abs: unary<'Abs'>(Math.abs, (x, _, dy) => mul(dy, x.graph.op('Sign', [x]))),
  Add: binary<'Add'>((a, b) => a + b, { da: (_a, _b, _y, dy) => dy, db: (_a, _b, _y, dy) => dy, combine: addDims }),
  And: comparison<'And'>((a, b) => a !== 0 && b !== 0),
  BiasGelu: binary<'BiasGelu'>((a, b) => gelu(a + b), {
    da: (a, b, _y, dy) => mul(dy, geluDerivative(add(a, b))),
    db: (a, b, _y, dy) => mul(dy, geluDerivative(add(a, b))),
  }),
  Cast: {
    infer: (inputs, { to }) => {
      const { shape, known } = need(inputs, 0);
      return [{ dtype: to, shape, known: to === 'int64' || to === 'int32' ? known : undefined }];
    },
    evaluate: (inputs, { to }) => [castArray(need(inputs, 0), to)],
    vjp: ({ g, inputs: [x], outputs: [y], dy }) => [
      isFloat(x!.dtype) && isFloat(y!.dtype) ? () => g.op('Cast', [dy], { to: x!.dtype }) : null,
    ],
  } satisfies OpRule<'Cast'>,
  // y = x within [low, high]: dx = dy there, 0 outside
  Clip: {
    infer: (inputs) => [{ dtype: need(inputs, 0).dtype, shape: need(inputs, 0).shape }],
    evaluate: ([x, low, high]) => {
      const [min, max] = [low?.data[0] ?? -Infinity, high?.data[0] ?? Infinity];
      return [mapElements([x!], (v) => Math.min(Math.max(v, min), max))];
    },
    vjp: ({ g, inputs: [x], outputs: [y], dy }) => [
      () => mul(dy, indicator(g.op('Equal', [x!, y!]), dy.dtype)),
      null,
      null,
    ],
  } satisfies OpRule<'Clip'>,
  Cos: unary<'Cos'>(Math.cos, (x, _, dy) => neg(mul(dy, x.graph.op('Sin', [x])))),
  // y = a / b: da = dy / b, db = −dy · y / b
  Div: binary<'Div'>((a, b) => a / b, {
    da: (_a, b, _y, dy) => div(dy, b),
    db: (_a, b, y, dy) => neg(div(mul(dy, y), b)),
  }),
  Equal: comparison<'Equal'>((a, b) => a === b),
  Erf: unary<'Erf'>(erf, (x, _, dy) => mul(dy, erfDerivative(x))),
  Exp: unary<'Exp'>(Math.exp, (_x, y, dy) => mul(dy, y)),
  Gelu: unary<'Gelu'>(
    (x, { approximate }) => (approximate === 'tanh' ? tanhGelu(x) : gelu(x)),
    (x, _, dy, { approximate }) => mul(dy, approximate === 'tanh' ? tanhGeluDerivative(x) : geluDerivative(x)),
  ),
  Greater: comparison<'Greater'>((a, b) => a > b),
  GreaterOrEqual: comparison<'GreaterOrEqual'>((a, b) => a >= b),
  Identity: {
    infer: (inputs) => [{ dtype: need(inputs, 0).dtype, shape: need(inputs, 0).shape, known: need(inputs, 0).known }],
    evaluate: (inputs) => [need(inputs, 0)],
    vjp: ({ dy }) => [() => dy],
  } satisfies OpRule<'Identity'>,
  Less: comparison<'Less'>((a, b) => a < b),
  LessOrEqual: comparison<'LessOrEqual'>((a, b) => a <= b),
  Log: unary<'Log'>(Math.log, (x, _, dy) => div(dy, x)),
  Max: extremum<'Max'>(Math.max),
  Min: extremum<'Min'>(Math.min),
  // y = a · b: da = dy · b, db = dy · a
  Mul: binary<'Mul'>((a, b) => a * b, {
    da: (_a, b, _y, dy) => mul(dy, b),
    db: (a, _b, _y, dy) => mul(dy, a),
    combine: mulDims,
  }),
  Neg: unary<'Neg'>(
    (x) => -x,
    (_x, _y, dy) => neg(dy),
  ),
  Not: unary<'Not'>((x) => (x === 0 ? 1 : 0), discrete),
  Or: comparison<'Or'>((a, b) => a !== 0 || b !== 0),
  // y = aᵇ: da = dy · b · aᵇ⁻¹, db = dy · y · ln a (a > 0)
  Pow: {
    ...binary<'Pow'>((a, b) => a ** b, {
      da: (a, b, _y, dy) => mul(dy, mul(b, pow(a, sub(b, 1)))),
      db: (a, _b, y, dy) => mul(dy, mul(y, a.graph.op('Log', [a]))),
    }),
    infer: (inputs) => [{ dtype: need(inputs, 0).dtype, ...binaryShape(inputs) }],
  } satisfies OpRule<'Pow'>,
  // y = x · σ(αx), s = σ(αx): dx = dy · s · (1 + αx · (1 − s)); α = 1 is SiLU
  QuickGelu: unary<'QuickGelu'>(
    (x, { alpha }) => x / (1 + Math.exp(-(alpha?.float ?? 1.702) * x)),
    (x, _, dy, { alpha }) => {
      const scaled = alpha?.float === 1 ? x : mul(x, alpha?.float ?? 1.702);
      const s = sigmoid(scaled);
      return mul(dy, mul(s, add(1, mul(scaled, sub(1, s)))));
    },
  ),
  // y = 1 / x: dx = −dy · y²
  Reciprocal: unary<'Reciprocal'>(
    (x) => 1 / x,
    (_x, y, dy) => neg(mul(dy, mul(y, y))),
  ),
  Relu: unary<'Relu'>(
    (x) => Math.max(x, 0),
    (x, _, dy) => mul(dy, indicator(x.graph.op('Greater', [x, 0]), dy.dtype)),
  ),
  // dx = dy · y · (1 − y)
  Sigmoid: unary<'Sigmoid'>(
    (x) => 1 / (1 + Math.exp(-x)),
    (_x, y, dy) => mul(dy, mul(y, sub(1, y))),
  ),
  Sign: unary<'Sign'>(Math.sign, discrete),
  Sin: unary<'Sin'>(Math.sin, (x, _, dy) => mul(dy, x.graph.op('Cos', [x]))),
  // dx = dy / 2y
  Sqrt: unary<'Sqrt'>(Math.sqrt, (_x, y, dy) => div(dy, mul(2, y))),
  Sub: binary<'Sub'>((a, b) => a - b, {
    da: (_a, _b, _y, dy) => dy,
    db: (_a, _b, _y, dy) => neg(dy),
    combine: subDims,
  }),
  // dx = dy · (1 − y²)
  Tanh: unary<'Tanh'>(Math.tanh, (_x, y, dy) => mul(dy, sub(1, mul(y, y)))),
  Where: {
    infer: (inputs) => {
      const [condition, a, b] = [need(inputs, 0), need(inputs, 1), need(inputs, 2)];
      if (condition.dtype !== 'bool') throw new Error('The condition must be bool.');
      return [{ dtype: sameDType([a, b]), shape: broadcast(condition.shape, broadcast(a.shape, b.shape)) }];
    },
    evaluate: (inputs) => [
      mapElements([need(inputs, 0), need(inputs, 1), need(inputs, 2)], (c, a, b) => (c ? a : b), inputs[1]!.dtype),
    ],
    vjp: ({ g, inputs: [condition, a, b], dy }) => [
      null,
      () => unbroadcast(g.op('Where', [condition!, dy, g.constant(dy.dtype, [], [0])]), a!),
      () => unbroadcast(g.op('Where', [condition!, g.constant(dy.dtype, [], [0]), dy]), b!),
    ],
  } satisfies OpRule<'Where'>,
};
