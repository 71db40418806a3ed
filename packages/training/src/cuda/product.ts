import type { OpAttributes } from '@parapet/onnx-graph/attributes';
import type { Node, Value } from '@parapet/onnx-graph/graph';
import type { MatrixProduct } from '@parapet/runtime/accelerator';
import { sizes } from './coordinates.ts';
import { storageOf } from './stored-values.ts';

/** A MatMul or FusedMatMul as one call of the device's library, but for the addresses. */
export interface Product {
  a: Value;
  b: Value;
  c: Value;
  call: Omit<MatrixProduct, 'a' | 'b' | 'c'>;
}

/** Throws where batches broadcast in part: no model here asks for it. */
export function productOf(node: Node): Product {
  const [a, b, c] = [node.inputs[0]!, node.inputs[1]!, node.outputs[0]!];
  const { transA = 0, transB = 0, alpha } = node.attributes as OpAttributes['FusedMatMul'];
  if (a.shape.length < 2 || b.shape.length < 2) throw new Error('The device multiplies matrices, not vectors.');
  const [x, y] = [sizes(a.shape), sizes(b.shape)];
  const matrices = (shape: number[]) => shape.slice(0, -2).reduce((product, size) => product * size, 1);
  const [batchA, batchB] = [matrices(x), matrices(y)];
  const [pitchA, pitchB] = [x.at(-1)!, y.at(-1)!];
  const k = transA ? x.at(-2)! : x.at(-1)!;
  const n = transB ? y.at(-2)! : y.at(-1)!;
  const rows = transA ? x.at(-1)! : x.at(-2)!;
  const call = {
    ...{ n, k, pitchA, pitchB, pitchC: n, alpha: alpha?.float, type: 'float32' as const, typeC: 'float32' as const },
    ...{ transposedA: transA === 1, transposed: transB === 1, tf32: true },
  };
  const operands = { a: storageOf(a), b: storageOf(b), c };
  // All rows of all matrices times one matrix is one product.
  if (batchB === 1 && (!transA || batchA === 1)) return { ...operands, call: { ...call, m: batchA * rows } };
  const count = Math.max(batchA, batchB);
  if ((batchA !== 1 && batchA !== count) || (batchB !== 1 && batchB !== count)) {
    throw new Error(`[${x}] times [${y}]: batches that broadcast in part are not supported.`);
  }
  const stride = (batch: number, shape: number[]) => (batch === 1 ? 0 : shape.at(-1)! * shape.at(-2)!);
  const batch = { count, strideA: stride(batchA, x), strideB: stride(batchB, y), strideC: rows * n };
  return { ...operands, call: { ...call, m: rows, batch } };
}
