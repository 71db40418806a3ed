import type { ModelSpec } from '@parapet/models/spec';
import { HostMemory, type Runtime, Tensor } from '@parapet/runtime';
import { type DecodeVariant, decodeVariants } from '../../graph/decode-graph.ts';
import { batchScaleShape, scaleWidth } from '../../graph/linears.ts';
import { scaleLayout } from '../../graph/row-scales.ts';
import type { ServingLinear } from '../../weights/export-tensors.ts';
import { panelOutputs } from '../../weights/pack-panels.ts';
import type { WeightLayout } from '../../weights/serving-weights.ts';
import type { RowScales } from '../device.ts';

/**
 * What scales every slot of the decode batch, all of it in one arena: a step of many rows reads megabytes of it, so it
 * lies in large pages and in the order in which the products read.
 */
export class BatchScales {
  private readonly memory: HostMemory;
  /** Byte offset of each layer's linear in the arena. */
  private readonly offsets = new Map<string, number>();
  /** Variant of each slot's scales as they lie in memory. */
  private readonly variants: DecodeVariant[];

  constructor(
    private readonly runtime: Runtime,
    private readonly spec: ModelSpec,
    private readonly layout: WeightLayout,
    private readonly slots: number,
  ) {
    let bytes = 0;
    // What most adapters scale lies together; the rest is read by `wide` rows alone.
    for (const linears of [decodeVariants.qvu, decodeVariants.wide]) {
      for (let layer = 0; layer < spec.layers; layer++) {
        for (const linear of linears) {
          const key = keyOf(layer, linear);
          if (this.offsets.has(key)) continue;
          this.offsets.set(key, bytes);
          bytes += this.elements(linear) * 4;
        }
      }
    }
    this.memory = new HostMemory(bytes, { hugePages: true });
    this.memory.floats(0, bytes / 4).fill(1);
    this.variants = new Array<DecodeVariant>(slots).fill('base');
  }

  /** Sets a slot's scales; a linear that they leave alone is scaled by ones. */
  set(slot: number, scales: RowScales | null): void {
    const variant = scales?.variant ?? 'base';
    const before: readonly ServingLinear[] = decodeVariants[this.variants[slot]!];
    const now: readonly ServingLinear[] = decodeVariants[variant];
    for (const linear of before) {
      if (now.includes(linear)) continue;
      const ones = new Float32Array(scaleWidth(this.spec, linear)).fill(1);
      for (let layer = 0; layer < this.spec.layers; layer++) this.write(layer, linear, slot, ones);
    }
    if (scales !== null) {
      for (const { layer, linear, offset, width } of scaleLayout(this.spec, variant).parts) {
        this.write(layer, linear, slot, scales.numbers.subarray(offset, offset + width));
      }
    }
    this.variants[slot] = variant;
  }

  /** The graph that the first `rows` slots need. */
  variantOf(rows: number): DecodeVariant {
    let variant: DecodeVariant = 'base';
    for (let slot = 0; slot < rows; slot++) {
      if (this.variants[slot] === 'wide') return 'wide';
      if (this.variants[slot] === 'qvu') variant = 'qvu';
    }
    return variant;
  }

  /** The first `rows` slots' scales of a linear, in the decode graph's shape; no copy. */
  tensor(layer: number, linear: ServingLinear, rows: number): Tensor {
    const shape = batchScaleShape(this.spec, linear, this.layout, rows, this.slots);
    return Tensor.within(this.runtime, 'float32', shape, this.memory, this.offsets.get(keyOf(layer, linear))!);
  }

  release(): void {
    this.memory.release();
  }

  private elements(linear: ServingLinear): number {
    return batchScaleShape(this.spec, linear, this.layout, this.slots, this.slots).reduce((all, dim) => all * dim, 1);
  }

  private write(layer: number, linear: ServingLinear, slot: number, numbers: Float32Array): void {
    const all = this.memory.floats(this.offsets.get(keyOf(layer, linear))! / 4, this.elements(linear));
    if (this.layout !== 'panels') {
      all.set(numbers, slot * numbers.length);
      return;
    }
    const panelStep = this.slots * panelOutputs;
    for (let from = 0, to = slot * panelOutputs; from < numbers.length; from += panelOutputs, to += panelStep) {
      for (let i = 0; i < panelOutputs && from + i < numbers.length; i++) all[to + i] = numbers[from + i]!;
    }
  }
}

function keyOf(layer: number, linear: ServingLinear): string {
  return `${linear}.${layer}`;
}
