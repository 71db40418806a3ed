import { fusedMatMul, mul, reshape, sub } from '@parapet/onnx-graph/build';
import { mulDims } from '@parapet/onnx-graph/dims';
import type { Graph, Value } from '@parapet/onnx-graph/graph';

export interface TokenLossInputs {
  /** The residual stream `[B, S, d]` behind the last layer. */
  hidden: Value;
  /** The final norm. */
  norm: (x: Value) => Value;
  /** The head `[V, d]`. */
  head: Value;
  /** `[K]` int64: which of the B·S positions predict a target. */
  rows: Value;
  /** `[K]` int64: the token each must predict. */
  labels: Value;
  /** `[K]`: what each target counts. */
  weights: Value;
}

/**
 * Σ w · (log Σ_v exp z_v − z_label) over the K target positions alone: no logits where there is no target, and the
 * label's logit by a dot product with its row of the head, so that the only `[K, V]` tensors are the logits and,
 * backwards, their softmax.
 *
 * @returns the weighted loss and the predicted tokens `[K]`
 */
export function tokenLoss(
  g: Graph,
  { hidden, norm, head, rows, labels, weights }: TokenLossInputs,
): {
  loss: Value;
  predictions: Value;
} {
  const [B, S, d] = hidden.shape;
  const flat = reshape(hidden, [mulDims(B!, S!), d!]);
  const h = norm(g.op('Gather', [flat, rows], { axis: 0 })); // [K, d]
  const logits = fusedMatMul(h, head, { transB: 1 }); // [K, V]
  const total = g.op('ReduceLogSumExp', [logits, [1]], { keepdims: 0 }); // [K]
  const labelLogit = g.op('ReduceSum', [mul(h, g.op('Gather', [head, labels], { axis: 0 })), [1]], { keepdims: 0 });
  const losses = mul(sub(total, labelLogit), weights);
  return {
    loss: g.op('ReduceSum', [losses, [0]], { keepdims: 0 }),
    predictions: g.op('ArgMax', [logits], { axis: 1, keepdims: 0 }),
  };
}
