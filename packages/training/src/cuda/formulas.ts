import type { OpAttributes } from '@parapet/onnx-graph/attributes';
import type { Node, Value } from '@parapet/onnx-graph/graph';

/** A float as C writes it. */
export function literal(x: number): string {
  return `${Math.fround(x).toExponential(9)}f`;
}

type Formula = (args: readonly string[], node: Node) => string;

const infix =
  (operator: string): Formula =>
  ([a, b]) =>
    `${a} ${operator} ${b}`;
const call =
  (name: string): Formula =>
  (args) =>
    args.reduce((left, right) => (left === '' ? right : `${name}(${left}, ${right})`), '');
const unary =
  (name: string): Formula =>
  ([x]) =>
    `${name}(${x})`;

/** Elementwise ops in C, over the names of their operands. */
export const formulas: Readonly<Record<string, Formula>> = {
  Abs: unary('fabsf'),
  Add: infix('+'),
  And: infix('&&'),
  Cast: ([x], node) => `(${cType((node.attributes as OpAttributes['Cast']).to)})${x}`,
  Div: infix('/'),
  Equal: infix('=='),
  Erf: unary('erff'),
  Exp: unary('expf'),
  Gelu: ([x], node) =>
    (node.attributes as OpAttributes['Gelu']).approximate === 'tanh'
      ? `0.5f * ${x} * (1.0f + tanhf(${literal(Math.sqrt(2 / Math.PI))} * (${x} + 0.044715f * ${x} * ${x} * ${x})))`
      : `0.5f * ${x} * (1.0f + erff(${x} * ${literal(Math.SQRT1_2)}))`,
  Greater: infix('>'),
  GreaterOrEqual: infix('>='),
  Less: infix('<'),
  LessOrEqual: infix('<='),
  Log: unary('logf'),
  Max: call('fmaxf'),
  Min: call('fminf'),
  Mul: infix('*'),
  Neg: ([x]) => `-(${x})`,
  Not: ([x]) => `!${x}`,
  Or: infix('||'),
  Pow: call('powf'),
  QuickGelu: ([x], node) => {
    const alpha = (node.attributes as OpAttributes['QuickGelu']).alpha?.float ?? 1.702;
    return `${x} / (1.0f + expf(${literal(-alpha)} * ${x}))`;
  },
  Reciprocal: ([x]) => `1.0f / ${x}`,
  Relu: ([x]) => `fmaxf(${x}, 0.0f)`,
  Sigmoid: ([x]) => `1.0f / (1.0f + expf(-(${x})))`,
  Sign: ([x]) => `(float)((${x} > 0.0f) - (${x} < 0.0f))`,
  Sqrt: unary('sqrtf'),
  Sub: infix('-'),
  Tanh: unary('tanhf'),
  Where: ([condition, a, b]) => `${condition} ? ${a} : ${b}`,
};

/** What an op costs against a read of memory, roughly. */
export const weightOf = (op: string): number =>
  /^(Erf|Exp|Gelu|Log|Pow|QuickGelu|Sigmoid|Tanh)$/.test(op) ? 4 : op === 'Div' || op === 'Sqrt' ? 2 : 0.5;

export function cType(dtype: Value['dtype']): 'float' | 'long long' | 'bool' {
  if (dtype === 'float32') return 'float';
  if (dtype === 'int64') return 'long long';
  if (dtype === 'bool') return 'bool';
  throw new Error(`The device trains in float32; ${dtype} has no kernels.`);
}

export const bytesOf = (dtype: Value['dtype']): number => ({ float: 4, 'long long': 8, bool: 1 })[cType(dtype)];
