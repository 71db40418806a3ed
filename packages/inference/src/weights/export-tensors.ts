import type { BaseModel } from '@parapet/models/open';
import { kvWidth, linearWidths, type ModelSpec, queryWidth, type WeightName } from '@parapet/models/spec';
import type { Weight } from '@parapet/models/weights';
import { packPanels } from './pack-panels.ts';
import { quantise8 } from './quantise.ts';
import type { ExportedTensor, WeightKind, WeightLayout } from './serving-weights.ts';

/** Numbers of a Q4_1 block. */
export const fourBitBlock = 32;

type Model = Pick<BaseModel, 'spec' | 'weights'>;

/** Linears of a layer as the graphs have them: Q, K and V are one matrix product. */
export const servingLinears = ['qkv', 'o', 'gate', 'up', 'down'] as const;
export type ServingLinear = (typeof servingLinears)[number];

/** `[in, out]` of a serving linear. */
export function servingLinearShape(spec: ModelSpec, linear: ServingLinear): readonly [number, number] {
  if (linear === 'qkv') return [spec.width, queryWidth(spec) + 2 * kvWidth(spec)];
  return linearWidths(spec)[linear];
}

/** Every tensor of the export, one at a time: the whole is never in memory. */
export function* exportTensors(
  model: Model,
  kind: WeightKind,
  blockSize: number,
  layout: WeightLayout,
): Generator<ExportedTensor> {
  const { spec, weights } = model;
  const form = { kind, blockSize, layout };
  const vector = (name: WeightName): ExportedTensor => ({
    name,
    dtype: 'float32',
    shape: [...weights.get(name).shape],
    data: weights.get(name).readFloat32(),
  });
  yield { ...vector('embed'), name: 'embed' };
  for (let layer = 0; layer < spec.layers; layer++) {
    const prefix = `layers.${layer}.` as const;
    yield vector(`${prefix}attn_norm`);
    yield vector(`${prefix}ffn_norm`);
    for (const linear of servingLinears) {
      if (kind === 'q4') {
        const parts = linear === 'qkv' ? (['q', 'k', 'v'] as const) : [linear];
        yield* fourBitTensors(
          `${prefix}${linear}`,
          parts.map((part) => weights.get(`${prefix}${part}`)),
        );
        continue;
      }
      const rows =
        linear === 'qkv'
          ? concat((['q', 'k', 'v'] as const).map((part) => weights.get(`${prefix}${part}`).readFloat32()))
          : weights.get(`${prefix}${linear}`).readFloat32();
      yield* linearTensors(`${prefix}${linear}`, rows, servingLinearShape(spec, linear), form);
    }
  }
  yield vector('final_norm');
  yield* linearTensors('head', weights.head.readFloat32(), [spec.width, spec.vocab], form);
  yield* rotaryTensors(spec);
}

/** A linear's tensors from its rows `[out, in]`. */
function* linearTensors(
  name: string,
  rows: Float32Array,
  [inWidth, outWidth]: readonly [number, number],
  { kind, blockSize, layout }: { kind: WeightKind; blockSize: number; layout: WeightLayout },
): Generator<ExportedTensor> {
  if (kind === 'fp32') {
    yield { name, dtype: 'float32', shape: [inWidth, outWidth], data: transpose(rows, outWidth, inWidth) };
    return;
  }
  if (layout === 'panels') {
    const { data, shape } = packPanels(rows, outWidth, inWidth);
    yield { name: `${name}.panels`, dtype: 'uint8', shape, data };
    return;
  }
  const { values, scales } = quantise8(rows, outWidth, inWidth, blockSize);
  const blocks = Math.ceil(inWidth / blockSize);
  yield { name: `${name}.q8`, dtype: 'uint8', shape: [outWidth, blocks, blockSize], data: values };
  yield { name: `${name}.scale`, dtype: 'float32', shape: [outWidth, blocks], data: scales };
}

/**
 * A Q4_1 matrix kept exactly, without rounding a second time: w = d·q + m = d·(q − 8) + (m + 8d). The first term is
 * MatMulNBits' symmetric form; the second a product of the input's block sums with `offset` `[blocks, out]`.
 */
function* fourBitTensors(name: string, parts: readonly Weight[]): Generator<ExportedTensor> {
  const blocks = parts[0]!.shape[1]! / fourBitBlock;
  const outWidth = parts.reduce((sum, part) => sum + part.shape[0]!, 0);
  const packed = new Uint8Array((outWidth * blocks * fourBitBlock) / 2);
  const scales = new Float32Array(outWidth * blocks);
  const offsets = new Float32Array(blocks * outWidth);
  let row = 0;
  for (const part of parts) {
    const found = part.readBlocks();
    if (found?.min == null) {
      throw new Error(`${part.name} is stored as ${part.format}, not Q4_1: serve this model in int8 or fp32.`);
    }
    const { q, scale, min } = found;
    const at = row * blocks;
    for (let i = 0; i < q.length; i += 2) packed[(at * fourBitBlock + i) / 2] = q[i]! | (q[i + 1]! << 4);
    scales.set(scale, at);
    for (let i = 0; i < scale.length; i++) {
      offsets[(i % blocks) * outWidth + row + Math.floor(i / blocks)] = min[i]! + 8 * scale[i]!;
    }
    row += part.shape[0]!;
  }
  yield { name: `${name}.q4`, dtype: 'uint8', shape: [outWidth, blocks, fourBitBlock / 2], data: packed };
  yield { name: `${name}.scale`, dtype: 'float32', shape: [outWidth, blocks], data: scales };
  yield { name: `${name}.offset`, dtype: 'float32', shape: [blocks, outWidth], data: offsets };
}

/** cos and sin of every position: `[context, headDim / 2]`, angle = position · θ^(−2i / headDim). */
function* rotaryTensors(spec: ModelSpec): Generator<ExportedTensor> {
  const half = spec.headDim / 2;
  const cos = new Float32Array(spec.context * half);
  const sin = new Float32Array(spec.context * half);
  for (let i = 0; i < half; i++) {
    const frequency = Math.fround(1 / spec.ropeTheta ** ((2 * i) / spec.headDim));
    for (let position = 0; position < spec.context; position++) {
      const angle = Math.fround(position * frequency); // float32 like the independent implementation
      cos[position * half + i] = Math.cos(angle);
      sin[position * half + i] = Math.sin(angle);
    }
  }
  yield { name: 'rope_cos', dtype: 'float32', shape: [spec.context, half], data: cos };
  yield { name: 'rope_sin', dtype: 'float32', shape: [spec.context, half], data: sin };
}

function concat(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function transpose(rows: Float32Array, count: number, width: number): Float32Array {
  const columns = new Float32Array(rows.length);
  const tile = 32;
  for (let row = 0; row < count; row += tile) {
    for (let column = 0; column < width; column += tile) {
      const rowEnd = Math.min(row + tile, count);
      const columnEnd = Math.min(column + tile, width);
      for (let r = row; r < rowEnd; r++) {
        for (let c = column; c < columnEnd; c++) columns[c * count + r] = rows[r * width + c]!;
      }
    }
  }
  return columns;
}
