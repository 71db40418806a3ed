import type { AdapterConfig } from '@parapet/contracts/adapter';
import type { ModelSpec, WeightName } from '@parapet/models/spec';
import { real } from '@parapet/onnx-graph/attributes';
import { add, matmul, mul } from '@parapet/onnx-graph/build';
import type { Graph, Value } from '@parapet/onnx-graph/graph';
import { type Adaptation, adaptLayer } from '@parapet/para/adapt';
import { attention, causalMask, rotaryTables } from './attention.ts';

export interface DecoderInputs {
  /** `[B, S]` int64, padded on the right with any token. */
  tokens: Value;
  /** `[B, 1, S]`: what each position counts in PARA's pool; zero behind the prompt. */
  poolWeights: Value;
  /** A frozen weight by name: linears `[in, out]`. */
  weight: (name: WeightName) => Value;
  /** The adapter's tensors by their full names. */
  adapter: { config: AdapterConfig; tensors: ReadonlyMap<string, Value> };
  /** Collects the values that a backward pass had better compute again than keep. */
  cheap: Set<Value>;
  /** Whether attention weights are among them: worth their product when rows are long. */
  recomputeAttention: boolean;
  /** Whether the gated product is one operator of our own. */
  ownOperators: boolean;
}

/**
 * The residual stream behind the last layer, `[B, S, d]`, before the final norm.
 *
 * Rows are padded on the right: with a causal mask no token sees padding, so no padding mask is needed.
 */
export function decoder(g: Graph, spec: ModelSpec, inputs: DecoderInputs): Value {
  const rope = rotaryTables(g, spec);
  const mask = causalMask(g, spec, inputs.tokens.shape[1]!);
  let h = g.op('Gather', [inputs.weight('embed'), inputs.tokens], { axis: 0 }); // [B, S, d]
  for (let layer = 0; layer < spec.layers; layer++) {
    h = g.scoped(`layers.${layer}`, () => decoderLayer(spec, inputs, layer, h, rope, mask));
  }
  return h;
}

function decoderLayer(
  spec: ModelSpec,
  { weight, adapter, poolWeights, cheap, recomputeAttention, ownOperators }: DecoderInputs,
  layer: number,
  h: Value,
  rope: ReturnType<typeof rotaryTables>,
  mask: Value,
): Value {
  const own = <N extends string>(name: N) => weight(`layers.${layer}.${name}` as WeightName);
  const normed = rmsNorm(h, own('attn_norm'), spec.eps);
  const tensor = (name: string) => adapter.tensors.get(`layers.${layer}.${name}`)!;
  const adapt: Adaptation = adaptLayer(adapter.config, spec, tensor, { normed, poolWeights });
  const linear = (name: Parameters<Adaptation>[0], x: Value) => adapt(name, x, matmul(x, own(name)));

  const q = linear('q', normed); // [B, S, dq]
  const k = linear('k', normed); // [B, S, dkv]
  const v = linear('v', normed); // [B, S, dkv]
  const { mixed, steps } = attention(spec, { q, k, v, rope, mask }); // [B, S, dq]
  if (recomputeAttention) for (const step of steps) cheap.add(step);
  const afterAttention = add(h, linear('o', mixed));

  const inner = rmsNorm(afterAttention, own('ffn_norm'), spec.eps);
  const gate = linear('gate', inner); // [B, S, f]
  const up = linear('up', inner); // [B, S, f]
  const fused = ownOperators && spec.activation === 'silu';
  const activated = fused ? null : activation(spec, gate);
  const product = activated === null ? gate.graph.op('SwiGlu', [gate, up]) : mul(activated, up);
  // One or two elementwise passes each; of the FFN only gate and up are kept, f numbers a token each.
  for (const value of [activated, product]) if (value !== null) cheap.add(value);
  if (adapter.config.method === 'lora') for (const value of [normed, inner]) cheap.add(value);
  else if (up.producer?.op === 'Mul') cheap.add(up);
  return add(afterAttention, linear('down', product));
}

export function rmsNorm(x: Value, gain: Value, eps: number): Value {
  return x.graph.op('SimplifiedLayerNormalization', [x, gain], { axis: -1, epsilon: real(eps), stash_type: 1 });
}

/** SiLU x · σ(x), or GELU by its tanh form. */
function activation(spec: ModelSpec, x: Value): Value {
  if (spec.activation === 'silu') return x.graph.op('QuickGelu', [x], { alpha: real(1) });
  return x.graph.op('Gelu', [x], { approximate: 'tanh' });
}
