import type { ModelSpec } from '@parapet/models/spec';
import {
  type Accelerator,
  type DeviceType,
  int32,
  int64,
  type KernelArgument,
  pointer,
} from '@parapet/runtime/accelerator';
import { decodeVariants, type VectorVariant } from '../../graph/decode-graph.ts';
import type { ServingLinear } from '../../weights/export-tensors.ts';
import type { DecoderKernels } from './decoder-kernels.ts';
import type { DeviceWeights } from './device-weights.ts';
import { threads, type Widths } from './layout.ts';

/** All that the layers' work needs of a model on a device. */
export interface DeviceModel {
  accelerator: Accelerator;
  kernels: DecoderKernels;
  spec: ModelSpec;
  widths: Widths;
  weights: DeviceWeights;
  type: DeviceType;
  /** Warps of a block of the attention kernel. */
  attentionWarps: number;
}

/** Where the layers keep what they compute, for some rows or some tokens of one prompt. */
export interface Workspace {
  /** float32 `[rows, width]`: the residual stream. */
  hidden: bigint;
  /** float32 `[rows, width]`: what is added to it next. */
  delta: bigint;
  /** `[rows, width]` */
  normed: bigint;
  /** `[rows, qkv]` */
  qkv: bigint;
  /** `[rows, q]` */
  attended: bigint;
  /** `[2, rows, ffn]` */
  gateUp: bigint;
  /** `[rows, ffn]` */
  inner: bigint;
}

/** Bytes a row takes in each part of a workspace. */
export function workspaceBytesPerRow(
  spec: ModelSpec,
  widths: Widths,
  typeBytes: number,
): Record<keyof Workspace, number> {
  return {
    hidden: spec.width * 4,
    delta: spec.width * 4,
    normed: spec.width * typeBytes,
    qkv: widths.qkv * typeBytes,
    attended: widths.q * typeBytes,
    gateUp: spec.ffn * 2 * typeBytes,
    inner: spec.ffn * typeBytes,
  };
}

/** Scales of a layer's linears: addresses by linear (0n = not scaled) and elements from one row's to the next's. */
export interface ScaleSource {
  at(layer: number, linear: ServingLinear): bigint;
  stride: number;
}

/** Scales that lie in `[layers, slots, scales]` at `base`, of the linears that a variant scales. */
export function scaleSource(
  model: DeviceModel,
  base: bigint,
  slots: number,
  firstSlot: number,
  variant: VectorVariant,
  stride: number,
): ScaleSource {
  const { widths, type } = model;
  const scaled: readonly ServingLinear[] = decodeVariants[variant];
  const bytes = type === 'float16' ? 2 : 4;
  return {
    stride,
    at: (layer, linear) =>
      scaled.includes(linear)
        ? base + BigInt(((layer * slots + firstSlot) * widths.scales + widths.scaleAt[linear]) * bytes)
        : 0n,
  };
}

/**
 * One decoder layer over `rows`: attention's own part is the caller's, between `qkv` and `attended`. What the layer adds
 * last stays in `delta` for the next layer's norm to add.
 */
export function runLayer(
  model: DeviceModel,
  work: Workspace,
  rows: number,
  layer: number,
  scales: ScaleSource,
  attention: () => void,
  afterNorm: () => void = () => {},
): void {
  const { accelerator, kernels, spec, widths, weights, type } = model;
  const { attnNorm, ffnNorm, linear } = weights.layers[layer]!;
  const first = layer === 0;
  addNorm(
    model,
    work,
    rows,
    first ? 0n : work.delta,
    first ? 0n : scales.at(layer - 1, 'down'),
    scales.stride,
    attnNorm,
  );
  afterNorm();
  const { width, ffn } = spec;
  const product = { m: rows, type, typeC: type };
  accelerator.multiply({
    ...product,
    ...{ n: widths.qkv, k: width, a: work.normed, pitchA: width },
    ...{ b: linear.qkv, pitchB: widths.qkv, c: work.qkv, pitchC: widths.qkv },
  });
  attention();
  accelerator.multiply({
    ...product,
    ...{ n: width, k: widths.q, a: work.attended, pitchA: widths.q },
    ...{ b: linear.o, pitchB: width, c: work.delta, pitchC: width, typeC: 'float32' },
  });
  addNorm(model, work, rows, work.delta, scales.at(layer, 'o'), scales.stride, ffnNorm);
  accelerator.multiply({
    ...product,
    ...{ n: ffn, k: width, a: work.normed, pitchA: width },
    ...{ b: linear.gate, pitchB: ffn, c: work.gateUp, pitchC: ffn },
    batch: { count: 2, strideA: 0, strideB: width * ffn, strideC: rows * ffn },
  });
  accelerator.launch(kernels.gatedUp, [Math.ceil(ffn / (threads.any * 2)), rows], threads.any, [
    pointer(work.gateUp),
    int64(rows * ffn),
    pointer(scales.at(layer, 'gate')),
    pointer(scales.at(layer, 'up')),
    int32(scales.stride),
    pointer(work.inner),
  ]);
  accelerator.multiply({
    ...product,
    ...{ n: width, k: ffn, a: work.inner, pitchA: ffn },
    ...{ b: linear.down, pitchB: width, c: work.delta, pitchC: width, typeC: 'float32' },
  });
}

/** After the last layer: the final norm, into `normed`. */
export function runFinalNorm(model: DeviceModel, work: Workspace, rows: number, scales: ScaleSource): void {
  const { spec, weights } = model;
  addNorm(model, work, rows, work.delta, scales.at(spec.layers - 1, 'down'), scales.stride, weights.finalNorm);
}

/** Normed hidden states `[rows, width]` to logits, float32 `[rows, vocab]`. */
export function multiplyHead(model: DeviceModel, normed: bigint, rows: number, logits: bigint): void {
  const { accelerator, spec, weights, type } = model;
  const { address, transposed } = weights.head;
  accelerator.multiply({
    ...{ m: rows, n: spec.vocab, k: spec.width, type, typeC: 'float32', transposed },
    ...{ a: normed, pitchA: spec.width, b: address, pitchB: transposed ? spec.width : spec.vocab },
    ...{ c: logits, pitchC: spec.vocab },
  });
}

function addNorm(
  { accelerator, kernels }: DeviceModel,
  work: Workspace,
  rows: number,
  delta: bigint,
  scale: bigint,
  stride: number,
  gain: bigint,
): void {
  const args: KernelArgument[] = [
    ...[pointer(work.hidden), pointer(delta), pointer(scale), int32(stride), pointer(gain), pointer(work.normed)],
  ];
  accelerator.launch(kernels.addNorm, [rows], threads.norm, args);
}
