import type { ModelSpec } from '@parapet/models/spec';
import { kvWidth, queryWidth } from '@parapet/models/spec';
import { real } from '@parapet/onnx-graph/attributes';
import type { Graph, Value } from '@parapet/onnx-graph/graph';
import type { KvFormat } from '../kv/kv-format.ts';
import { fourBitBlock, type ServingLinear, servingLinearShape } from '../weights/export-tensors.ts';
import { panelOutputs } from '../weights/pack-panels.ts';
import type { ServingWeights, WeightLayout } from '../weights/serving-weights.ts';
import { blockLinear } from './block-linear.ts';

/** What every builder of a serving graph is given. */
export interface GraphSource {
  spec: ModelSpec;
  weights: ServingWeights;
  cache: KvFormat;
}

/** A stored tensor as an initialiser of the graph, in the export's file; the same one when asked again. */
export function stored(g: Graph, { weights }: GraphSource, name: string): Value {
  const known = [...g.initializers.keys()].find((value) => value.name === name);
  if (known !== undefined) return known;
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
  if (source.weights.layout === 'panels') return blockLinear(g, source, name, shape, x);
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

/** Width of a serving linear's output, that of its scale. */
export function scaleWidth(spec: ModelSpec, linear: ServingLinear): number {
  return linear === 'qkv' ? queryWidth(spec) + 2 * kvWidth(spec) : servingLinearShape(spec, linear)[1];
}

/** Rows whose scales lie together for our own kernels: those of one tile. */
export const tileRows = 16;

/**
 * Shape of a batch's scales of one linear in one layer. Our own kernels read `[slots / 16, width / 16, 16, 16]`, L − 1 in
 * bfloat16: what 16 slots take, in the order in which the weights' panels pass; others `[rows, 1, width]` in float32.
 */
export function batchScaleShape<T>(
  spec: ModelSpec,
  linear: ServingLinear,
  layout: WeightLayout,
  rows: T,
  slotTiles: T,
): (T | number)[] {
  const width = scaleWidth(spec, linear);
  return layout === 'panels' ? [slotTiles, Math.ceil(width / panelOutputs), tileRows, panelOutputs] : [rows, 1, width];
}

/** How a batch's scales are held. */
export function batchScaleType(layout: WeightLayout): 'bfloat16' | 'float32' {
  return layout === 'panels' ? 'bfloat16' : 'float32';
}
