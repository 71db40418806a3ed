import type { ModelSpec } from '@parapet/models/spec';
import { type Binding, HostMemory, type Runtime, Tensor } from '@parapet/runtime';
import { type DecodeVariant, decodeVariants, scaleName } from '../../graph/decode-graph.ts';
import { batchScaleShape, batchScaleType, scaleWidth, tileRows } from '../../graph/linears.ts';
import { scaleLayout } from '../../graph/row-scales.ts';
import { bfloat16Bits } from '../../weights/bfloat16.ts';
import type { ServingLinear } from '../../weights/export-tensors.ts';
import { panelOutputs } from '../../weights/pack-panels.ts';
import type { WeightLayout } from '../../weights/serving-weights.ts';
import type { RowAdaptation } from '../device.ts';
import { LowRankTable } from './low-rank-table.ts';

/**
 * What adapts every slot of the decode batch. All scales lie in one arena: a step of many rows reads megabytes of them, so
 * in large pages and in the order in which the products read. A LoRA's matrices stay where they are.
 */
export class BatchAdaptations {
  private readonly memory: HostMemory;
  /** All of the arena: bfloat16's bits, or float32. */
  private readonly numbers: Uint16Array | Float32Array;
  private readonly lowRank: LowRankTable;
  /** Where each layer's linear begins in the arena, in elements. */
  private readonly offsets = new Map<string, number>();
  /** What each slot's memory holds. */
  private readonly variants: DecodeVariant[];

  constructor(
    private readonly runtime: Runtime,
    private readonly spec: ModelSpec,
    private readonly layout: WeightLayout,
    private readonly slots: number,
  ) {
    let elements = 0;
    // What most adapters scale lies together; the rest is read by `wide` rows alone.
    for (const linears of [decodeVariants.qvu, decodeVariants.wide]) {
      for (let layer = 0; layer < spec.layers; layer++) {
        for (const linear of linears) {
          const key = keyOf(layer, linear);
          if (this.offsets.has(key)) continue;
          this.offsets.set(key, elements);
          elements += this.elements(linear);
        }
      }
    }
    this.memory = new HostMemory(elements * this.elementBytes, { hugePages: true });
    const { buffer, byteOffset } = this.memory.bytes();
    this.numbers =
      layout === 'panels'
        ? new Uint16Array(buffer, byteOffset, elements) // as L − 1, ones are zeros
        : new Float32Array(buffer, byteOffset, elements).fill(1);
    this.lowRank = new LowRankTable(runtime, spec, slots);
    this.variants = new Array<DecodeVariant>(slots).fill('base');
  }

  /** Sets what adapts a slot; a linear that it leaves alone is scaled by ones. */
  set(slot: number, adaptation: RowAdaptation | null): void {
    const scales = adaptation?.variant === 'lora' ? null : adaptation;
    const variant = adaptation?.variant ?? 'base';
    const before = this.scaled(this.variants[slot]!);
    const now = this.scaled(variant);
    for (const linear of before) {
      if (now.includes(linear)) continue;
      const ones = new Float32Array(scaleWidth(this.spec, linear)).fill(1);
      for (let layer = 0; layer < this.spec.layers; layer++) this.write(layer, linear, slot, ones);
    }
    if (scales !== null) {
      for (const { layer, linear, offset, width } of scaleLayout(this.spec, scales.variant).parts) {
        this.write(layer, linear, slot, scales.numbers.subarray(offset, offset + width));
      }
    }
    this.lowRank.set(slot, adaptation?.variant === 'lora' ? adaptation : null);
    this.variants[slot] = variant;
  }

  /** The graph that the first `rows` slots need. */
  variantOf(rows: number): DecodeVariant {
    const used = this.variants.slice(0, rows);
    return (['lora', 'wide', 'qvu'] as const).find((variant) => used.includes(variant)) ?? 'base';
  }

  /** Binds what the first `rows` slots' graph takes; no copy. */
  bind(binding: Binding, variant: DecodeVariant, rows: number): void {
    for (let layer = 0; layer < this.spec.layers; layer++) {
      for (const linear of decodeVariants[variant]) {
        binding.bindInput(scaleName(layer, linear), this.tensor(layer, linear, rows));
      }
    }
    if (variant === 'lora') this.lowRank.bind(binding);
  }

  release(): void {
    this.lowRank.release();
    this.memory.release();
  }

  /** The linears whose scales are not ones in a slot of that variant: a LoRA row has none. */
  private scaled(variant: DecodeVariant): readonly ServingLinear[] {
    return variant === 'lora' ? [] : decodeVariants[variant];
  }

  private tensor(layer: number, linear: ServingLinear, rows: number): Tensor {
    const shape = batchScaleShape(this.spec, linear, this.layout, rows, this.tiles);
    const byteOffset = this.offsets.get(keyOf(layer, linear))! * this.elementBytes;
    return Tensor.within(this.runtime, batchScaleType(this.layout), shape, this.memory, byteOffset);
  }

  private get elementBytes(): number {
    return this.layout === 'panels' ? 2 : 4;
  }

  private get tiles(): number {
    return Math.ceil(this.slots / tileRows);
  }

  private elements(linear: ServingLinear): number {
    return batchScaleShape(this.spec, linear, this.layout, this.slots, this.tiles).reduce((all, dim) => all * dim, 1);
  }

  private write(layer: number, linear: ServingLinear, slot: number, numbers: Float32Array): void {
    const at = this.offsets.get(keyOf(layer, linear))!;
    if (this.layout !== 'panels') {
      this.numbers.set(numbers, at + slot * numbers.length);
      return;
    }
    const panelStep = tileRows * panelOutputs;
    const tileStep = Math.ceil(numbers.length / panelOutputs) * panelStep;
    let to = at + Math.floor(slot / tileRows) * tileStep + (slot % tileRows) * panelOutputs;
    for (let from = 0; from < numbers.length; from += panelOutputs, to += panelStep) {
      for (let i = 0; i < panelOutputs && from + i < numbers.length; i++)
        this.numbers[to + i] = bfloat16Bits(Math.fround(numbers[from + i]! - 1));
    }
  }
}

function keyOf(layer: number, linear: ServingLinear): string {
  return `${linear}.${layer}`;
}
