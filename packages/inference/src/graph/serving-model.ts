import { kvWidth, type ModelSpec, queryWidth } from '@parapet/models/spec';
import { real } from '@parapet/onnx-graph/attributes';
import { Graph, type Value } from '@parapet/onnx-graph/graph';
import type { KvFormat } from '../kv/kv-format.ts';
import { fourBitBlock, type ServingLinear, servingLinearShape } from '../weights/export-tensors.ts';
import type { ServingWeights } from '../weights/serving-weights.ts';

/** What every builder of a serving graph is given. */
export interface GraphSource {
  spec: ModelSpec;
  weights: ServingWeights;
  cache: KvFormat;
}

/** Scales of a layer's linears, `[B, 1, width]` each; absent = that linear is not scaled. */
export type LayerScales = Partial<Record<ServingLinear, Value>>;

/** A stored tensor as an initialiser of the graph, in the export's file. */
export function stored(g: Graph, { weights }: GraphSource, name: string): Value {
  const entry = weights.entries.get(name);
  if (entry === undefined) throw new Error(`The exported weights hold no tensor "${name}".`);
  return g.initializer(name, {
    dtype: entry.dtype,
    shape: entry.shape,
    data: { file: weights.fileName, offset: entry.offset, length: entry.length },
  });
}

/** y = x · W in the weights' own precision: x `[…, in]` → `[…, out]`. */
export function storedLinear(
  g: Graph,
  source: GraphSource,
  name: string,
  shape: readonly [number, number],
  x: Value,
): Value {
  if (source.weights.kind === 'fp32') return g.op('MatMul', [x, stored(g, source, name)]);
  const [K, N] = shape;
  if (source.weights.entries.has(`${name}.q4`)) return fourBitLinear(g, source, name, shape, x);
  const { blockSize } = source.weights;
  // accuracy_level 4: activations are rounded to int8 by block, products are int8 dot products.
  const attributes = { K, N, bits: 8, block_size: blockSize, accuracy_level: 4 };
  return g.op('MatMulNBits', [x, stored(g, source, `${name}.q8`), stored(g, source, `${name}.scale`)], attributes);
}

/** A Q4_1 matrix: d·(q − 8) as a product of 4 bits, and the rest from the sums of x's blocks (export-tensors.ts). */
function fourBitLinear(
  g: Graph,
  source: GraphSource,
  name: string,
  [K, N]: readonly [number, number],
  x: Value,
): Value {
  const attributes = { K, N, bits: 4, block_size: fourBitBlock, accuracy_level: 4 };
  const product = g.op(
    'MatMulNBits',
    [x, stored(g, source, `${name}.q4`), stored(g, source, `${name}.scale`)],
    attributes,
  );
  const inBlocks = g.op('Reshape', [x, [0, 0, K / fourBitBlock, fourBitBlock]]);
  const sums = g.op('ReduceSum', [inBlocks, [-1]], { keepdims: 0 });
  return g.op('Add', [product, g.op('MatMul', [sums, stored(g, source, `${name}.offset`)])]);
}

/** RMSNorm with a stored gain. */
export function rmsNorm(g: Graph, source: GraphSource, name: string, x: Value): Value {
  const epsilon = real(source.spec.eps);
  return g.op('SimplifiedLayerNormalization', [x, stored(g, source, name)], { axis: -1, epsilon, stash_type: 1 });
}

/** What attention needs besides the packed projections. */
export interface AttentionInputs {
  pastKey: Value;
  pastValue: Value;
  /** int32 `[B]`: tokens of each row with this step's, minus one. */
  lastPositions: Value;
  /** int32 scalar: the longest row's tokens with this step's. */
  totalLength: Value;
  cos: Value;
  sin: Value;
}

export interface LayerOutputs {
  hidden: Value;
  presentKey: Value;
  presentValue: Value;
}

/**
 * One decoder layer: hidden `[B, S, d]` → `[B, S, d]`, keys and values written into the cache `[B, KV, capacity, headDim]`.
 * `scalesOf` gets the layer's normed input (what PARA's generator reads) and returns what scales the linears' outputs;
 * `update` may add to them (LoRA).
 */
export function decoderLayer(
  g: Graph,
  source: GraphSource,
  layer: number,
  hidden: Value,
  attention: AttentionInputs,
  scalesOf: (normed: Value) => LayerScales,
  update: (linear: ServingLinear, x: Value, y: Value) => Value = (_linear, _x, y) => y,
): LayerOutputs {
  const { spec } = source;
  const prefix = `layers.${layer}.`;
  return g.scoped(`layer${layer}`, () => {
    const normed = rmsNorm(g, source, `${prefix}attn_norm`, hidden);
    const scales = scalesOf(normed);
    const linear = (name: ServingLinear, x: Value) => {
      const y = storedLinear(g, source, `${prefix}${name}`, servingLinearShape(spec, name), x);
      const scale = scales[name];
      return update(name, x, scale === undefined ? y : g.op('Mul', [y, scale]));
    };
    const [B, S] = hidden.shape as [string, string | number];
    const cacheShape = attention.pastKey.shape;
    const [attended, presentKey, presentValue] = g.contrib(
      'GroupQueryAttention',
      [
        linear('qkv', normed),
        null,
        null,
        attention.pastKey,
        attention.pastValue,
        attention.lastPositions,
        attention.totalLength,
        attention.cos,
        attention.sin,
        ...cacheScales(g, source, layer),
      ],
      {
        num_heads: spec.heads,
        kv_num_heads: spec.kvHeads,
        do_rotary: 1,
        rotary_interleaved: 0,
        ...(source.cache.type === 'int8' && quantisedCache),
      },
      [
        { dtype: 'float32', shape: [B, S, queryWidth(spec)] },
        { dtype: source.cache.type, shape: cacheShape },
        { dtype: source.cache.type, shape: cacheShape },
      ],
    );
    const afterAttention = g.op('Add', [hidden, linear('o', attended!)]);
    const ffnInput = rmsNorm(g, source, `${prefix}ffn_norm`, afterAttention);
    const gate = linear('gate', ffnInput);
    const inner = g.op('Mul', [gateActivation(g, spec, gate), linear('up', ffnInput)]);
    const output = g.op('Add', [afterAttention, linear('down', inner)]);
    return { hidden: output, presentKey: presentKey!, presentValue: presentValue! };
  });
}

const quantisedCache = { k_quant_type: 'PER_CHANNEL', v_quant_type: 'PER_CHANNEL', kv_cache_bit_width: 8 } as const;

/** Attention's inputs 9 to 13: no positions, bias or sinks of our own, then the cache's scales. */
function cacheScales(g: Graph, { spec, cache }: GraphSource, layer: number): (Value | null)[] {
  if (cache.type === 'float32') return [];
  const { key, value } = cache.scales[layer]!;
  const shape = [spec.kvHeads * spec.headDim];
  const scale = (name: string, data: Float32Array) => g.initializer(name, { dtype: 'float32', shape, data });
  return [null, null, null, scale(`key_scale.${layer}`, key), scale(`value_scale.${layer}`, value)];
}

function gateActivation(g: Graph, spec: ModelSpec, gate: Value): Value {
  if (spec.activation === 'gelu_tanh') return g.op('Gelu', [gate], { approximate: 'tanh' });
  return g.op('QuickGelu', [gate], { alpha: real(1) }); // x · sigmoid(x): SiLU as one kernel
}

/** Inputs of attention for rows `B` over a cache of `capacity` positions a row. */
export function attentionInputs(
  g: Graph,
  source: GraphSource,
  capacity: string,
): Omit<AttentionInputs, 'pastKey' | 'pastValue'> & {
  cache(layer: number): { pastKey: Value; pastValue: Value };
} {
  const { spec } = source;
  return {
    lastPositions: g.input('last_positions', 'int32', ['B']),
    totalLength: g.input('total_length', 'int32', []),
    cos: stored(g, source, 'rope_cos'),
    sin: stored(g, source, 'rope_sin'),
    cache: (layer) => ({
      pastKey: g.input(`past_key.${layer}`, source.cache.type, ['B', spec.kvHeads, capacity, spec.headDim]),
      pastValue: g.input(`past_value.${layer}`, source.cache.type, ['B', spec.kvHeads, capacity, spec.headDim]),
    }),
  };
}

/** Width of a serving linear's output, that of its scale. */
export function scaleWidth(spec: ModelSpec, linear: ServingLinear): number {
  return linear === 'qkv' ? queryWidth(spec) + 2 * kvWidth(spec) : servingLinearShape(spec, linear)[1];
}

/** A new, empty graph. */
export function newGraph(name: string): Graph {
  return new Graph(name);
}
