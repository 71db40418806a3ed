import { broadcast, type Shape } from '../dims.ts';
import { need, type OpRule, sameDType } from './rule.ts';

/** [..., M, K] × [..., K, N] → [..., M, N], batch dimensions broadcast; vectors as numpy has them. */
export function matmulShape(a: Shape, b: Shape): Shape {
  if (a.length === 0 || b.length === 0) throw new Error('Scalars have no matrix product.');
  const x = a.length === 1 ? [1, ...a] : a;
  const y = b.length === 1 ? [...b, 1] : b;
  if (x.at(-1) !== y.at(-2)) throw new Error(`Inner dimensions ${x.at(-1)} and ${y.at(-2)} differ.`);
  const batch = broadcast(x.slice(0, -2), y.slice(0, -2));
  return [...batch, ...(a.length === 1 ? [] : [x.at(-2)!]), ...(b.length === 1 ? [] : [y.at(-1)!])];
}

export function swapLast(shape: Shape): Shape {
  return [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!];
}

export const matmul = {
  MatMul: {
    infer: (inputs) => [{ dtype: sameDType(inputs), shape: matmulShape(need(inputs, 0).shape, need(inputs, 1).shape) }],
  } satisfies OpRule<'MatMul'>,
  FusedMatMul: {
    infer: (inputs, { transA = 0, transB = 0 }) => {
      const [a, b] = [need(inputs, 0).shape, need(inputs, 1).shape];
      if (a.length < 2 || b.length < 2) throw new Error('Both must be matrices.');
      return [{ dtype: sameDType(inputs), shape: matmulShape(transA ? swapLast(a) : a, transB ? swapLast(b) : b) }];
    },
  } satisfies OpRule<'FusedMatMul'>,
  /** x [..., K], B [N, K / block, block · bits / 8], scales [N · K / block] → [..., N]. */
  MatMulNBits: {
    infer: (inputs, { K, N }) => {
      const x = need(inputs, 0);
      if (x.shape.at(-1) !== K) throw new Error(`The last dimension is ${x.shape.at(-1)}, K is ${K}.`);
      return [{ dtype: x.dtype, shape: [...x.shape.slice(0, -1), N] }];
    },
  } satisfies OpRule<'MatMulNBits'>,
};
