import type { ModelSpec } from '@parapet/models/spec';
import { type Binding, type Runtime, Tensor } from '@parapet/runtime';
import { lowRankEntries, lowRankInputs, lowRankLinears } from '../../graph/low-rank.ts';
import type { LowRankUpdate } from '../device.ts';

/** Which LoRA matrices each slot has, as addresses: the kernel reads them where the adapter lies, nothing is copied. */
export class LowRankTable {
  private readonly matrices: BigInt64Array;
  /** 0 = the slot has no LoRA. */
  private readonly ranks: Int32Array;
  private readonly factors: Float32Array;
  /** Keeps the matrices alive that the table names. */
  private readonly held: (LowRankUpdate | null)[];
  private readonly tensors: ReadonlyMap<string, Tensor>;
  private readonly entries: number;

  constructor(
    private readonly runtime: Runtime,
    spec: ModelSpec,
    slots: number,
  ) {
    this.entries = lowRankEntries(spec);
    this.matrices = new BigInt64Array(slots * this.entries);
    this.ranks = new Int32Array(slots);
    this.factors = new Float32Array(slots);
    this.held = new Array<LowRankUpdate | null>(slots).fill(null);
    this.tensors = new Map<string, Tensor>([
      [lowRankInputs.matrices, Tensor.over(runtime, 'int64', [slots, this.entries], this.matrices)],
      [lowRankInputs.ranks, Tensor.over(runtime, 'int32', [slots], this.ranks)],
      [lowRankInputs.factors, Tensor.over(runtime, 'float32', [slots], this.factors)],
    ]);
  }

  set(slot: number, update: LowRankUpdate | null): void {
    if (this.held[slot] === null && update === null) return;
    this.held[slot] = update;
    this.ranks[slot] = update?.rank ?? 0;
    this.factors[slot] = update?.factor ?? 0;
    const row = this.matrices.subarray(slot * this.entries, (slot + 1) * this.entries).fill(0n);
    update?.layers.forEach((layer, index) => {
      lowRankLinears.forEach((linear, at) => {
        const [a, b] = [layer.get(`${linear}.a`), layer.get(`${linear}.b`)];
        if (a === undefined || b === undefined) return;
        const entry = 2 * (index * lowRankLinears.length + at);
        row[entry] = this.runtime.addressOf(a);
        row[entry + 1] = this.runtime.addressOf(b);
      });
    });
  }

  /** Binds the table to a session that has low-rank updates. */
  bind(binding: Binding): void {
    for (const [name, tensor] of this.tensors) binding.bindInput(name, tensor);
  }

  release(): void {
    for (const tensor of this.tensors.values()) tensor.release();
  }
}
