import { kvWidth, type ModelSpec, queryWidth } from '@parapet/models/spec';
import type { Accelerator, DeviceType } from '@parapet/runtime/accelerator';
import type { VectorVariant } from '../../graph/decode-graph.ts';
import { scaleLayout } from '../../graph/row-scales.ts';
import { blockTokens } from '../../kv/block-pool.ts';
import type { ServingLinear } from '../../weights/export-tensors.ts';

/** Tokens of a page of the cache: a block of the scheduler's. */
export const pageTokens = blockTokens;

/** Bytes of `Row` in decoder.cu. */
export const rowBytes = 32;

/** Threads of each kernel's block, where the kernel fixes them. */
export const threads = { norm: 192, pool: 256, sample: 1024, any: 128 } as const;

const sharedBytesLimit = 40_000;

/** Widths that the kernels work with. */
export interface Widths {
  qkv: number;
  q: number;
  /** Numbers of one layer's scales of a row: qkv, o, gate, up, down. */
  scales: number;
  /** Where each linear's scales begin in them. */
  scaleAt: Readonly<Record<ServingLinear, number>>;
  /** Pages of a row of the whole context. */
  maxPages: number;
}

export function widthsOf(spec: ModelSpec): Widths {
  const q = queryWidth(spec);
  const qkv = q + 2 * kvWidth(spec);
  const { width, ffn } = spec;
  const scaleAt = { qkv: 0, o: qkv, gate: qkv + width, up: qkv + width + ffn, down: qkv + width + 2 * ffn };
  return { q, qkv, scales: qkv + 2 * width + 2 * ffn, scaleAt, maxPages: Math.ceil(spec.context / pageTokens) + 1 };
}

/** Warps of attention's block: what a row's partial sums leave room for. */
export function attentionWarps(spec: ModelSpec, type: DeviceType): number {
  const teamsPerWarp = 32 / (spec.headDim / (type === 'float16' ? 8 : 4));
  const bytesPerWarp = teamsPerWarp * (spec.heads / spec.kvHeads) * spec.headDim * 4;
  return Math.max(1, Math.min(8, Math.floor(sharedBytesLimit / bytesPerWarp)));
}

/** What decoder.cu is compiled with. Throws for a model whose shape the kernels don't have. */
export function definitions(spec: ModelSpec, type: DeviceType): Record<string, string> {
  const { headDim, heads, kvHeads } = spec;
  const lanes = headDim / (type === 'float16' ? 8 : 4);
  if (!Number.isInteger(Math.log2(lanes)) || lanes > 32 || spec.ffn % 2 !== 0) {
    throw new Error(
      `The CUDA kernels need heads of 8, 16, 32, 64 or 128 numbers and an even FFN; this model's have ${headDim}.`,
    );
  }
  return {
    WIDTH: `${spec.width}`,
    HEADS: `${heads}`,
    KV_HEADS: `${kvHeads}`,
    HEAD_DIM: `${headDim}`,
    FFN: `${spec.ffn}`,
    VOCAB: `${spec.vocab}`,
    EPSILON: `${spec.eps.toExponential()}f`,
    PAGE_TOKENS: `${pageTokens}`,
    MAX_PAGES: `${widthsOf(spec).maxPages}`,
    ATTEND_WARPS: `${attentionWarps(spec, type)}`,
    ...(type === 'float16' ? { HALF: '1' } : {}),
    ...(spec.activation === 'gelu_tanh' ? { GELU: '1' } : {}),
  };
}

/** Copies a row's scales between the engine's layout (`scaleLayout`) and the kernels' (`[layers, scales]`). */
export class ScalesCodec {
  readonly length: number;

  constructor(
    private readonly spec: ModelSpec,
    private readonly widths: Widths,
  ) {
    this.length = spec.layers * widths.scales;
  }

  /** To the kernels' layout; ones where the variant scales nothing. */
  expand(variant: VectorVariant, numbers: Float32Array, to: Float32Array): void {
    to.fill(1);
    for (const { layer, linear, offset, width } of scaleLayout(this.spec, variant).parts) {
      to.set(numbers.subarray(offset, offset + width), layer * this.widths.scales + this.widths.scaleAt[linear]);
    }
  }

  /** From the kernels' layout. */
  pick(variant: VectorVariant, from: Float32Array): Float32Array {
    const { length, parts } = scaleLayout(this.spec, variant);
    const numbers = new Float32Array(length);
    for (const { layer, linear, offset, width } of parts) {
      const start = layer * this.widths.scales + this.widths.scaleAt[linear];
      numbers.set(from.subarray(start, start + width), offset);
      if (variant === 'qvu' && linear === 'qkv') {
        numbers.fill(1, offset + this.widths.q, offset + (this.widths.q + this.widths.qkv) / 2); // k is left alone
      }
    }
    return numbers;
  }
}

/** A block of device memory cut into parts, freed together. */
export class Arena {
  private readonly parts: bigint[] = [];

  constructor(private readonly accelerator: Accelerator) {}

  take(bytes: number): bigint {
    const address = this.accelerator.allocate(bytes);
    this.parts.push(address);
    return address;
  }

  release(): void {
    for (const part of this.parts.splice(0)) this.accelerator.free(part);
  }
}
