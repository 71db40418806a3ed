import type { ModelSpec } from '@parapet/models/spec';
import type { VectorVariant } from '../../graph/decode-graph.ts';
import { pageTokens, type Widths, widthsOf } from '../cuda/layout.ts';
import type { DecodeRow } from '../device.ts';

/** In what weights, activations and the cache are kept; sums are float32 either way. */
export type StorageType = 'float32' | 'float16';
export const storageBytes = { float32: 4, float16: 2 } as const;

/** Most ranks of an adapter that make-scales.wgsl holds. */
export const maxRank = 256;

/** Tensors of an adapter's layer, in the order of their offsets at the head of its buffer; 0 = not there. */
export const adapterTensors = ['down', 'up', 'bias', 'pool', 'rational'] as const;

/** Bindings begin at multiples of this. */
export const bindingAlignment = 256;

/** Widths of the CUDA kernels, with each layer's scales at a place where a binding may begin. */
export function gpuWidths(spec: ModelSpec): Widths {
  const widths = widthsOf(spec);
  const numbers = bindingAlignment / 4;
  return { ...widths, scales: Math.ceil(widths.scales / numbers) * numbers };
}

/** Logits of a row, padded to whole vectors. */
export const logitPitch = (spec: ModelSpec): number => Math.ceil(spec.vocab / 4) * 4;

/** The constants that begin every shader. Throws for a model whose shape the kernels don't have. */
export function shaderConstants(spec: ModelSpec): string {
  const { headDim, heads, kvHeads, width, ffn } = spec;
  if (headDim % 8 !== 0 || headDim > 256 || width % 8 !== 0 || ffn % 8 !== 0 || heads / kvHeads > 16) {
    throw new Error(
      'The WebGPU kernels need widths and heads that are multiples of 8 and at most 16 query heads for one key head; this ' +
        `model has width ${width}, FFN ${ffn}, ${heads} heads of ${headDim} and ${kvHeads} key heads.`,
    );
  }
  const { scaleAt, maxPages } = gpuWidths(spec);
  const numbers: Record<string, number> = {
    ...{ WIDTH: width, HEADS: heads, KV_HEADS: kvHeads, HEAD_DIM: headDim, FFN: ffn, VOCAB: spec.vocab },
    ...{ LOGIT_PITCH: logitPitch(spec), PAGE_TOKENS: pageTokens, MAX_PAGES: maxPages, MAX_RANK: maxRank },
    ...{ SCALE_QKV: scaleAt.qkv, SCALE_O: scaleAt.o, SCALE_GATE: scaleAt.gate, SCALE_UP: scaleAt.up },
    ...{ SCALE_DOWN: scaleAt.down, ADAPTER_TENSORS: adapterTensors.length },
    ...Object.fromEntries(adapterTensors.map((name, i) => [`ADAPTER_${name.toUpperCase()}`, i])),
  };
  const lines = Object.entries(numbers).map(([name, value]) => `const ${name} = ${value}u;`);
  const gelu = `const GELU = ${spec.activation === 'gelu_tanh'};`;
  return [...lines, `const EPSILON = ${spec.eps.toExponential()};`, gelu].join('\n');
}

/** Rows of a tile of multiply.wgsl: small batches waste little, large ones load each weight once for many rows. */
export const tileRows = [16, 64] as const;
export type TileRows = (typeof tileRows)[number];
export const tileColumns = 64;
const tileDepth = 32;

export const tileFor = (rows: number): TileRows => (rows <= tileRows[0] ? tileRows[0] : tileRows[1]);

/** Workgroups that keep a large card busy. */
const wantedGroups = 128;
const mostSplits = 12;

/** Into how many parts a product `[rows, k]·[k, n]` is split along k: narrow ones would leave most of the card idle. */
export function splitsFor(rows: number, n: number, k: number): number {
  const tile = tileFor(rows);
  const tiles = Math.ceil(rows / tile) * Math.ceil(n / tileColumns);
  const depth = Math.ceil(k / tileDepth);
  const wanted = Math.min(mostSplits, depth, Math.max(1, Math.round(wantedGroups / tiles)));
  return Math.ceil(depth / Math.ceil(depth / wanted)); // none without work
}

/** `[in, out]` of the products of a layer. */
export function productShapes(spec: ModelSpec, widths: Widths) {
  return {
    qkv: { k: spec.width, n: widths.qkv },
    o: { k: widths.q, n: spec.width },
    gateUp: { k: spec.width, n: 2 * spec.ffn },
    down: { k: spec.ffn, n: spec.width },
  } as const;
}
export type Product = keyof ReturnType<typeof productShapes>;

/** Bytes before the rows in an input buffer: `Shape` of common.wgsl, at a place of its own. */
export const shapeBytes = 256;
/** Bytes of `Row` in common.wgsl. */
export const rowBytes = 32;

/** `Shape` of common.wgsl. */
export interface Shape {
  rows: number;
  first?: number;
  scaled: VectorVariant;
  scaleBase: number;
  scaleStride: number;
  tableBase: number;
  tableStride: number;
  splits: Readonly<Record<Product, number>>;
}

const scaledCodes: Record<VectorVariant, number> = { base: 0, qvu: 1, wide: 2 };

export function writeShape(view: DataView, shape: Shape): void {
  const { splits } = shape;
  const numbers = [
    ...[shape.rows, shape.first ?? 0, scaledCodes[shape.scaled], shape.scaleBase, shape.scaleStride],
    ...[shape.tableBase, shape.tableStride, splits.qkv, splits.o, splits.gateUp, splits.down],
  ];
  for (const [i, value] of numbers.entries()) view.setUint32(i * 4, value, true);
}

/** `Row` of common.wgsl, the `slot`-th of an input buffer. */
export function writeRow(view: DataView, slot: number, { token, tokens, draw }: DecodeRow, newPage: number): void {
  const at = shapeBytes + slot * rowBytes;
  view.setUint32(at, token, true);
  view.setUint32(at + 4, tokens, true);
  view.setInt32(at + 8, newPage, true);
  view.setFloat32(at + 12, draw?.temperature ?? 0, true);
  view.setUint32(at + 16, draw?.topK ?? 0, true);
  view.setFloat32(at + 20, draw?.topP ?? 1, true);
  view.setFloat32(at + 24, draw?.minP ?? 0, true);
  view.setFloat32(at + 28, draw?.uniform ?? 0, true);
}
