import { type ModelSpec, queryWidth } from '@parapet/models/spec';
import { real } from '@parapet/onnx-graph/attributes';
import { add, expand, fusedMatMul, matmul, reshape, transpose } from '@parapet/onnx-graph/build';
import { type Dim, mulDims } from '@parapet/onnx-graph/dims';
import type { Graph, Value } from '@parapet/onnx-graph/graph';

/** Cosine and sine `[context, headDim / 2]` of position · θ^(−2i / headDim), rounded to float32 as `transformers` does. */
export function rotaryTables(g: Graph, spec: ModelSpec): { cos: Value; sin: Value; start: Value } {
  const half = spec.headDim / 2;
  const cos = new Float32Array(spec.context * half);
  const sin = new Float32Array(spec.context * half);
  for (let i = 0; i < half; i++) {
    const frequency = Math.fround(1 / spec.ropeTheta ** ((2 * i) / spec.headDim));
    for (let position = 0; position < spec.context; position++) {
      const angle = Math.fround(position * frequency);
      cos[position * half + i] = Math.cos(angle);
      sin[position * half + i] = Math.sin(angle);
    }
  }
  const shape = [spec.context, half];
  return {
    cos: g.initializer('rope.cos', { dtype: 'float32', shape, data: cos }),
    sin: g.initializer('rope.sin', { dtype: 'float32', shape, data: sin }),
    start: g.ints([0]),
  };
}

/** 0 where key j ≤ query i, a large negative elsewhere: `[G · S, S]`, once for all layers; G = heads / kvHeads. */
export function causalMask(g: Graph, spec: ModelSpec, S: Dim): Value {
  const groups = spec.heads / spec.kvHeads;
  const positions = g.op('Range', [g.dim(0), g.dim(S), g.dim(1)]);
  const queries = g.op('Unsqueeze', [positions, [1]]);
  const keys = g.op('Unsqueeze', [positions, [0]]);
  const visible = g.op('GreaterOrEqual', [queries, keys]); // [S, S]
  const mask = g.op('Where', [visible, g.constant('float32', [], [0]), g.constant('float32', [], [-1e9])]);
  return reshape(expand(g.op('Unsqueeze', [mask, [0]]), [groups, S, S]), [mulDims(groups, S), S]);
}

interface AttentionInputs {
  /** `[B, S, dq]`, `[B, S, dkv]`, `[B, S, dkv]`, before rotation. */
  q: Value;
  k: Value;
  v: Value;
  rope: ReturnType<typeof rotaryTables>;
  mask: Value;
}

/**
 * softmax(QKᵀ/√headDim + mask)·V. Heads that share keys and values are stacked along the query axis,
 * `[B, KV, G·S, headDim]`, so that K and V are never repeated.
 *
 * @returns `mixed` [B, S, dq], and the `steps` whose size grows with the square of S
 */
export function attention(spec: ModelSpec, { q, k, v, rope, mask }: AttentionInputs): { mixed: Value; steps: Value[] } {
  const { heads, kvHeads, headDim } = spec;
  const groups = heads / kvHeads;
  const [B, S] = [q.shape[0]!, q.shape[1]!];
  const stacked = mulDims(groups, S);
  const rotate = (x: Value) => x.graph.op('RotaryEmbedding', [x, rope.start, rope.cos, rope.sin]);
  const perHead = (x: Value, n: number) => transpose(reshape(x, [B, S, n, headDim]), [0, 2, 1, 3]); // [B, n, S, hd]

  const queries = reshape(perHead(rotate(q), heads), [B, kvHeads, stacked, headDim]);
  const keys = perHead(rotate(k), kvHeads);
  const values = perHead(v, kvHeads);
  const scores = fusedMatMul(queries, keys, { transB: 1, alpha: real(1 / Math.sqrt(headDim)) }); // [B, KV, G·S, S]
  const masked = add(scores, mask);
  const weights = scores.graph.op('Softmax', [masked], { axis: -1 });
  const mixed = reshape(matmul(weights, values), [B, heads, S, headDim]);
  return {
    mixed: reshape(transpose(mixed, [0, 2, 1, 3]), [B, S, queryWidth(spec)]),
    steps: [scores, masked, weights],
  };
}
