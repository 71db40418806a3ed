import type { LinearName, ParaConfig } from '@parapet/contracts/adapter';
import type { ModelSpec } from '@parapet/models/spec';
import { add, div, matmul, mul, sigmoid, sub } from '@parapet/onnx-graph/build';
import type { Value } from '@parapet/onnx-graph/graph';
import { vectorSlices } from '../tensors.ts';

/** Adjusting vectors by linear, each `[B, 1, out]`: what a linear's output is multiplied with. */
export type AdjustingVectors = Partial<Record<LinearName, Value>>;

/** A layer's tensor by its name in `layerTensors`, with or without a leading batch axis (one adapter a row). */
export type LayerTensor = (name: string) => Value;

export type ParaInputs = {
  /** norm(H) `[B, S, d]`: what enters the layer, after its input RMSNorm. */
  normed: Value;
  /** `[B, 1, S]`, from `poolWeights`. */
  poolWeights: Value;
  /** s, `[B, 1, 1]` or a number: L(s) = 1 + s·(L − 1). Left out = 1. */
  strength?: Value | number;
};

/**
 * PARA's vector generator of one layer: p = pool(norm(H)), L = 1 + s·(act(p·W_down)·W_up + bias), split by target.
 *
 * Tensors may carry a batch axis (`down` [B, d, r], `up` [B, r, Σ], `bias` [B, 1, Σ], `pool` [B, d, 1]), so that each
 * row has an adapter of its own; without one all rows share it. Standard ops only: it trains and it serves.
 */
export function paraVectors(
  config: ParaConfig,
  spec: ModelSpec,
  tensor: LayerTensor,
  { normed, poolWeights, strength }: ParaInputs,
): AdjustingVectors {
  const g = normed.graph;
  const pooled = pool(config, tensor, normed, poolWeights);
  const inner = activate(config, tensor, matmul(pooled, tensor('down'))); // [B, 1, r]
  let delta = matmul(inner, tensor('up')); // [B, 1, Σ]
  if (config.bias) delta = add(delta, tensor('bias'));
  if (strength !== undefined) delta = mul(delta, strength);
  const slices = vectorSlices(config, spec);
  const parts = g.op('Split', [add(delta, 1), slices.map(({ width }) => width)], { axis: -1 }, slices.length);
  return Object.fromEntries(slices.map(({ linear }, i) => [linear, parts[i]!]));
}

/** norm(H) [B, S, d] → [B, 1, d]. */
function pool(config: ParaConfig, tensor: LayerTensor, normed: Value, weights: Value): Value {
  const g = normed.graph;
  if (config.pooler === 'mean' || config.pooler === 'last') return matmul(weights, normed);
  const outside = mul(sub(1, g.op('Sign', [weights])), -1e9); // [B, 1, S]: 0 in the prompt
  if (config.pooler === 'max') {
    const column = g.op('Transpose', [outside], { perm: [0, 2, 1] });
    return g.op('ReduceMax', [add(normed, column), [1]]);
  }
  const query = tensor('pool');
  const w = query.shape.length === 1 ? g.op('Unsqueeze', [query, [1]]) : query; // [d, 1] or [B, d, 1]
  const scores = g.op('Transpose', [matmul(normed, w)], { perm: [0, 2, 1] }); // [B, 1, S]
  return matmul(g.op('Softmax', [add(scores, outside)], { axis: -1 }), normed);
}

function activate(config: ParaConfig, tensor: LayerTensor, x: Value): Value {
  switch (config.activation) {
    case 'gelu':
      return x.graph.op('Gelu', [x], { approximate: 'none' });
    case 'silu':
      return mul(x, sigmoid(x));
    case 'rational':
      return rationalOf(x, tensor('rational'));
  }
}

/** rational.ts as a graph; coefficients [6] or [B, 1, 6]. */
function rationalOf(x: Value, coefficients: Value): Value {
  const g = x.graph;
  const [a0, a1, a2, a3, b1, b2] = g.op('Split', [coefficients, [1, 1, 1, 1, 1, 1]], { axis: -1 }, 6);
  const above = add(a0!, mul(x, add(a1!, mul(x, add(a2!, mul(x, a3!))))));
  const below = add(g.op('Abs', [mul(x, add(b1!, mul(x, b2!)))]), 1);
  return div(above, below);
}
