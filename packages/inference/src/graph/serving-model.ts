import type { ModelSpec } from '@parapet/models/spec';
import { real } from '@parapet/onnx-graph/attributes';
import { Graph, type Value } from '@parapet/onnx-graph/graph';
import { type ServingLinear, servingLinearShape } from '../weights/export-tensors.ts';
import { type AttentionInputs, type AttentionOutputs, attend } from './attention.ts';
import { blockLinear, type Folded, gated } from './block-linear.ts';
import { type GraphSource, rmsNorm, storedLinear } from './linears.ts';
import type { LinearUpdate } from './low-rank.ts';

/** Scales of a layer's linears, `[B, 1, width]` each; absent = that linear is not scaled. */
export type LayerScales = Partial<Record<ServingLinear, Value>> & Pick<Folded, 'scalesInTiles'>;

export interface LayerOutputs {
  hidden: Value;
  present: AttentionOutputs['present'];
}

/**
 * One decoder layer: hidden `[B, S, d]` → `[B, S, d]`, keys and values written into the cache `[B, KV, capacity, headDim]`.
 * `scalesOf` may ask for the layer's normed input (what PARA's generator reads) and returns what scales the linears'
 * outputs; `update` adds LoRA's part to them.
 */
export function decoderLayer(
  g: Graph,
  source: GraphSource,
  layer: number,
  hidden: Value,
  attention: AttentionInputs,
  scalesOf: (normed: () => Value) => LayerScales,
  update?: LinearUpdate,
): LayerOutputs {
  return g.scoped(`layer${layer}`, () =>
    source.weights.layout === 'panels'
      ? foldedLayer(g, source, layer, hidden, attention, scalesOf, update)
      : plainLayer(g, source, layer, hidden, attention, scalesOf, update),
  );
}

/** A layer in five operators of our own: norms, scales, gate and residuals are part of the products. */
function foldedLayer(
  g: Graph,
  source: GraphSource,
  layer: number,
  hidden: Value,
  attention: AttentionInputs,
  scalesOf: (normed: () => Value) => LayerScales,
  update: LinearUpdate | undefined,
): LayerOutputs {
  const prefix = `layers.${layer}.`;
  const scales = scalesOf(() => rmsNorm(g, source, `${prefix}attn_norm`, hidden));
  const linear = (name: ServingLinear, x: Value, folded: Folded) => {
    const shape = servingLinearShape(source.spec, name);
    const { scalesInTiles } = scales;
    const y = blockLinear(g, source, `${prefix}${name}`, shape, x, { scale: scales[name], scalesInTiles, ...folded });
    return update === undefined ? y : update(name, x, y, folded.norm);
  };
  const packed = linear('qkv', hidden, { norm: `${prefix}attn_norm` });
  const { attended, present } = attend(g, source, layer, packed, attention);
  const afterAttention = linear('o', attended, { residual: hidden });
  const norm = `${prefix}ffn_norm`;
  const inner =
    update === undefined
      ? linear('up', afterAttention, { norm, gate: { name: `${prefix}gate`, scale: scales.gate } })
      : gated(g, source, linear('up', afterAttention, { norm }), linear('gate', afterAttention, { norm }));
  return { hidden: linear('down', inner, { residual: afterAttention }), present };
}

function plainLayer(
  g: Graph,
  source: GraphSource,
  layer: number,
  hidden: Value,
  attention: AttentionInputs,
  scalesOf: (normed: () => Value) => LayerScales,
  update: LinearUpdate = (_linear, _x, y) => y,
): LayerOutputs {
  const { spec } = source;
  const prefix = `layers.${layer}.`;
  const normed = rmsNorm(g, source, `${prefix}attn_norm`, hidden);
  const scales = scalesOf(() => normed);
  const linear = (name: ServingLinear, x: Value) => {
    const y = storedLinear(g, source, `${prefix}${name}`, servingLinearShape(spec, name), x);
    const scale = scales[name];
    return update(name, x, scale === undefined ? y : g.op('Mul', [y, scale]));
  };
  const { attended, present } = attend(g, source, layer, linear('qkv', normed), attention);
  const afterAttention = g.op('Add', [hidden, linear('o', attended)]);
  const ffnInput = rmsNorm(g, source, `${prefix}ffn_norm`, afterAttention);
  const gate = linear('gate', ffnInput);
  const inner = g.op('Mul', [gateActivation(g, spec, gate), linear('up', ffnInput)]);
  return { hidden: g.op('Add', [afterAttention, linear('down', inner)]), present };
}

function gateActivation(g: Graph, spec: ModelSpec, gate: Value): Value {
  if (spec.activation === 'gelu_tanh') return g.op('Gelu', [gate], { approximate: 'tanh' });
  return g.op('QuickGelu', [gate], { alpha: real(1) }); // x · sigmoid(x): SiLU as one kernel
}

/** Writes a layer's cache as graph outputs where a kernel returns it. */
export function presentOutputs(g: Graph, layer: number, present: AttentionOutputs['present']): void {
  if (present === null) return;
  g.output(`present_key.${layer}`, present.key);
  g.output(`present_value.${layer}`, present.value);
}

/** A new, empty graph. */
export function newGraph(name: string): Graph {
  return new Graph(name);
}
