import type { DType } from '../dtype.ts';

export type AttributeValue =
  | number
  | string
  | readonly number[]
  | readonly string[]
  | { readonly float: number }
  | undefined;

type None = Record<never, never>;
interface Axis {
  axis?: number;
}
interface Reduce {
  /** Default 1: reduced axes stay, with size 1. */
  keepdims?: 0 | 1;
}
/** A real-valued attribute: marked, so that 1.0 is not written as an integer. */
export interface Real {
  readonly float: number;
}
export const real = (float: number): Real => ({ float });

/** The closed set of ops, with their attributes as ONNX names them (opset 21, and ONNX Runtime's contrib ops). */
export interface OpAttributes {
  Abs: None;
  Add: None;
  And: None;
  ArgMax: Axis & { keepdims?: 0 | 1; select_last_index?: 0 | 1 };
  BiasGelu: None;
  Cast: { to: DType };
  Clip: None;
  Concat: { axis: number };
  Cos: None;
  CumSum: { exclusive?: 0 | 1; reverse?: 0 | 1 };
  Div: None;
  Equal: None;
  Erf: None;
  Exp: None;
  Expand: None;
  FusedMatMul: { transA?: 0 | 1; transB?: 0 | 1; alpha?: Real };
  Gather: Axis;
  GatherElements: Axis;
  GatherND: { batch_dims?: number };
  Gelu: { approximate?: 'none' | 'tanh' };
  Greater: None;
  GreaterOrEqual: None;
  Identity: None;
  Less: None;
  LessOrEqual: None;
  Log: None;
  LogSoftmax: Axis;
  MatMul: None;
  MatMulNBits: { K: number; N: number; bits: number; block_size: number; accuracy_level?: number };
  Max: None;
  Min: None;
  Mul: None;
  Neg: None;
  Not: None;
  OneHot: Axis;
  Or: None;
  Pow: None;
  QuickGelu: { alpha?: Real };
  Range: None;
  Reciprocal: None;
  ReduceLogSumExp: Reduce;
  ReduceMax: Reduce;
  ReduceMean: Reduce;
  ReduceMin: Reduce;
  ReduceSum: Reduce;
  Relu: None;
  Reshape: None;
  RotaryEmbedding: { num_heads?: number; rotary_embedding_dim?: number; interleaved?: 0 | 1 };
  ScatterElements: Axis & { reduction?: 'none' | 'add' };
  ScatterND: { reduction?: 'none' | 'add' };
  Shape: { start?: number; end?: number };
  Sigmoid: None;
  Sign: None;
  SimplifiedLayerNormalization: Axis & { epsilon?: Real; stash_type?: 1 };
  Sin: None;
  SkipSimplifiedLayerNormalization: { epsilon?: Real };
  Slice: None;
  Softmax: Axis;
  Split: Axis;
  Sqrt: None;
  Squeeze: None;
  Sub: None;
  SwiGlu: None;
  SwiGluGradient: None;
  Tanh: None;
  TopK: Axis & { largest?: 0 | 1; sorted?: 0 | 1 };
  Transpose: { perm: readonly number[] };
  Trilu: { upper?: 0 | 1 };
  Unsqueeze: None;
  Where: None;
}

export type OpName = keyof OpAttributes;

const contribOps: ReadonlySet<OpName> = new Set<OpName>([
  'BiasGelu',
  'FusedMatMul',
  'MatMulNBits',
  'QuickGelu',
  'RotaryEmbedding',
  'SkipSimplifiedLayerNormalization',
]);

/** Operators that packages/training brings along (`findOperators`): several passes over memory in one. */
const ownOps: ReadonlySet<OpName> = new Set<OpName>(['SwiGlu', 'SwiGluGradient']);
export const ownDomain = 'parapet.training';

/** ONNX Runtime registers SimplifiedLayerNormalization in the standard domain, the other fused ops in its own. */
export function opDomain(op: OpName): string {
  if (ownOps.has(op)) return ownDomain;
  return contribOps.has(op) ? 'com.microsoft' : '';
}
