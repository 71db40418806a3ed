import { fusedMatMul, reshape, unbroadcast } from '../build.ts';
import { broadcast, productOf, type Shape } from '../dims.ts';
import type { Value } from '../graph.ts';
import { broadcastIndex, broadcastShapes, forEachIndex, type NdArray, sizeOf, stridesOf } from '../ndarray.ts';
import type { OpAttributes } from './attributes.ts';
import { need, type OpRule, type Pullback, sameDType } from './rule.ts';

/** [..., M, K] × [..., K, N] → [..., M, N], batch dimensions broadcast; vectors as numpy has them. */
function matmulShape(a: Shape, b: Shape): Shape {
  if (a.length === 0 || b.length === 0) throw new Error('Scalars have no matrix product.');
  const x = a.length === 1 ? [1, ...a] : a;
  const y = b.length === 1 ? [...b, 1] : b;
  if (x.at(-1) !== y.at(-2)) throw new Error(`Inner dimensions ${x.at(-1)} and ${y.at(-2)} differ.`);
  const batch = broadcast(x.slice(0, -2), y.slice(0, -2));
  return [...batch, ...(a.length === 1 ? [] : [x.at(-2)!]), ...(b.length === 1 ? [] : [y.at(-1)!])];
}

const swapLast = <T>(dims: readonly T[]): T[] => [...dims.slice(0, -2), dims.at(-1)!, dims.at(-2)!];

/** α · A · B by the definition; the operands' last two strides are swapped where they are transposed. */
function product(a: NdArray, b: NdArray, transA = 0, transB = 0, alpha = 1): NdArray {
  const view = (x: NdArray, transposed: number) => {
    const strides = stridesOf(x.shape);
    return transposed ? { shape: swapLast(x.shape), strides: swapLast(strides) } : { shape: x.shape, strides };
  };
  const [x, y] = [view(a, transA), view(b, transB)];
  const [M, K, N] = [x.shape.at(-2)!, x.shape.at(-1)!, y.shape.at(-1)!];
  const batch = broadcastShapes(x.shape.slice(0, -2), y.shape.slice(0, -2));
  const shape = [...batch, M, N];
  const data = new Float64Array(sizeOf(shape));
  const [xm, xk, yk, yn] = [x.strides.at(-2)!, x.strides.at(-1)!, y.strides.at(-2)!, y.strides.at(-1)!];
  forEachIndex(batch, (flat, at) => {
    const x0 = broadcastIndex(x.shape.slice(0, -2), x.strides, at);
    const y0 = broadcastIndex(y.shape.slice(0, -2), y.strides, at);
    for (let m = 0; m < M; m++) {
      for (let n = 0; n < N; n++) {
        let sum = 0;
        for (let k = 0; k < K; k++) sum += a.data[x0 + m * xm + k * xk]! * b.data[y0 + k * yk + n * yn]!;
        data[(flat * M + m) * N + n] = alpha * sum;
      }
    }
  });
  return { dtype: a.dtype, shape, data };
}

/**
 * Y = α · A · B. With dY [M, N]: dA = α · dY · Bᵀ, dB = α · Aᵀ · dY, each transposed when its operand is.
 * A weight that stays as it is (frozen B) is read transposed in place: no second copy of it.
 */
function pullbacks(
  a: Value,
  b: Value,
  dy: Value,
  { transA = 0, transB = 0, alpha }: OpAttributes['FusedMatMul'],
): Pullback[] {
  const not = (flag: 0 | 1) => (flag ? 0 : 1);
  return [
    () =>
      unbroadcast(
        transA
          ? fusedMatMul(b, dy, { transA: transB, transB: 1, alpha })
          : fusedMatMul(dy, b, { transB: not(transB), alpha }),
        a,
      ),
    () => {
      // One matrix product over all rows, instead of one for each batch and a sum.
      const flat = b.shape.length === 2 && a.shape.length > 2 && !transA;
      const rows = (x: Value) => (flat ? reshape(x, [productOf(x.shape.slice(0, -1)), x.shape.at(-1)!]) : x);
      const [A, dY] = [rows(a), rows(dy)];
      return unbroadcast(
        transB
          ? fusedMatMul(dY, A, { transA: 1, transB: transA, alpha })
          : fusedMatMul(A, dY, { transA: not(transA), alpha }),
        b,
      );
    },
  ];
}

export const matmul = {
  MatMul: {
    infer: (inputs) => [{ dtype: sameDType(inputs), shape: matmulShape(need(inputs, 0).shape, need(inputs, 1).shape) }],
    evaluate: (inputs) => {
      const [a, b] = [need(inputs, 0), need(inputs, 1)];
      const row = a.shape.length === 1 ? { ...a, shape: [1, ...a.shape] } : a;
      const column = b.shape.length === 1 ? { ...b, shape: [...b.shape, 1] } : b;
      const y = product(row, column);
      const batch = y.shape.slice(0, -2);
      const shape = [...batch, ...(row === a ? [y.shape.at(-2)!] : []), ...(column === b ? [y.shape.at(-1)!] : [])];
      return [{ ...y, shape }];
    },
    vjp: ({ inputs: [a, b], dy }) => {
      if (a!.shape.length > 1 && b!.shape.length > 1) return pullbacks(a!, b!, dy, {});
      throw new Error('MatMul with a vector has no gradient rule: give it as a matrix of one row or column.');
    },
  } satisfies OpRule<'MatMul'>,
  FusedMatMul: {
    infer: (inputs, { transA = 0, transB = 0 }) => {
      const [a, b] = [need(inputs, 0).shape, need(inputs, 1).shape];
      if (a.length < 2 || b.length < 2) throw new Error('Both must be matrices.');
      return [{ dtype: sameDType(inputs), shape: matmulShape(transA ? swapLast(a) : a, transB ? swapLast(b) : b) }];
    },
    evaluate: (inputs, { transA, transB, alpha }) => [
      product(need(inputs, 0), need(inputs, 1), transA, transB, alpha?.float),
    ],
    vjp: ({ inputs: [a, b], dy, attributes }) => pullbacks(a!, b!, dy, attributes),
  } satisfies OpRule<'FusedMatMul'>,
  /** x [..., K], B [N, K / block, block · bits / 8], scales [N · K / block] → [..., N]; symmetric about 2^(bits − 1). */
  MatMulNBits: {
    infer: (inputs, { K, N }) => {
      const x = need(inputs, 0);
      if (x.shape.at(-1) !== K) throw new Error(`The last dimension is ${x.shape.at(-1)}, K is ${K}.`);
      return [{ dtype: x.dtype, shape: [...x.shape.slice(0, -1), N] }];
    },
    evaluate: ([x, packed, scales], { K, N, bits, block_size }) => {
      const perByte = 8 / bits;
      const blocks = Math.ceil(K / block_size);
      const weight = new Float64Array(N * K);
      for (let n = 0; n < N; n++) {
        for (let k = 0; k < K; k++) {
          const at = (n * blocks * block_size + k) / perByte;
          const byte = packed!.data[Math.floor(at)]!;
          const q = Math.floor(byte / 2 ** (bits * (k % perByte))) % 2 ** bits;
          const scale = scales!.data[n * blocks + Math.floor(k / block_size)]!;
          weight[n * K + k] = (q - 2 ** (bits - 1)) * scale;
        }
      }
      return [product(x!, { dtype: x!.dtype, shape: [N, K], data: weight }, 0, 1)];
    },
    vjp: { none: 'its weight is quantised: training graphs take the float weight' },
  } satisfies OpRule<'MatMulNBits'>,
};
