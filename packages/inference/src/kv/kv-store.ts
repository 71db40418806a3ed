import type { ModelSpec } from '@parapet/models/spec';
import { HostMemory, type Runtime, Tensor } from '@parapet/runtime';
import { blockTokens } from './block-pool.ts';
import { type KvFormat, kvBytes } from './kv-format.ts';

/** Keys and values of a row's first positions, copied out: what whole-prompt reuse keeps. Its form is the device's. */
export interface KvSnapshot {
  readonly tokens: number;
  /** Gives its memory back. */
  release(): void;
}

/** `[layers, 2, kvHeads, tokens, headDim]` in the store's own format, in memory that is no burden to the collector. */
class HostSnapshot implements KvSnapshot {
  private memory: HostMemory | null;

  constructor(
    readonly tokens: number,
    byteLength: number,
  ) {
    this.memory = new HostMemory(byteLength);
  }

  get bytes(): Uint8Array {
    if (this.memory === null) throw new Error('The snapshot was released.');
    return this.memory.bytes();
  }

  release(): void {
    this.memory?.release();
    this.memory = null;
  }
}

/**
 * Keys and values of every row: per layer and kind one block `[slots, kvHeads, capacity, headDim]` of address space, of
 * which a row occupies what it has filled. A batch of the first n slots is a tensor over the block: nothing is gathered
 * or copied for a step.
 */
export class KvStore {
  /** Positions of a slot's address space: the context, staggered so that rows don't collide in the CPU's caches. */
  readonly capacity: number;
  private readonly blocks: HostMemory[];
  /** Bytes of a position in one head. */
  private readonly positionBytes: number;
  private readonly headBytes: number;
  private readonly slotBytes: number;
  /** Most positions each slot was filled to since its memory was last given back. */
  private readonly touched: Int32Array;

  constructor(
    private readonly runtime: Runtime,
    private readonly spec: ModelSpec,
    private readonly format: KvFormat,
    readonly slots: number,
    /** Positions that may occupy memory, all slots together. */
    private readonly budgetTokens: number,
  ) {
    this.capacity = spec.context + blockTokens;
    this.positionBytes = spec.headDim * kvBytes[format.type];
    this.headBytes = this.capacity * this.positionBytes;
    this.slotBytes = spec.kvHeads * this.headBytes;
    this.touched = new Int32Array(slots);
    this.blocks = Array.from({ length: spec.layers * 2 }, () => new HostMemory(slots * this.slotBytes));
  }

  /** A layer's keys (0) or values (1) of `rows` slots from `firstSlot`: `[rows, kvHeads, capacity, headDim]`, no copy. */
  tensor(layer: number, kind: 0 | 1, firstSlot: number, rows: number): Tensor {
    const shape = [rows, this.spec.kvHeads, this.capacity, this.spec.headDim];
    return Tensor.within(this.runtime, this.format.type, shape, this.block(layer, kind), firstSlot * this.slotBytes);
  }

  /** Notes that a slot is filled to `tokens`; gives memory of emptied slots back when the budget is passed. */
  touch(slot: number, tokens: number, inUse: (slot: number) => number): void {
    if (tokens <= this.touched[slot]!) return;
    this.touched[slot] = tokens;
    if (this.touched.reduce((sum, one) => sum + one, 0) <= this.budgetTokens) return;
    for (let other = 0; other < this.slots; other++) this.trim(other, inUse(other));
  }

  /** Copies a row's first `tokens` positions from one slot to another. */
  copy(from: number, to: number, tokens: number): void {
    for (const block of this.blocks) {
      for (let head = 0; head < this.spec.kvHeads; head++) {
        this.filled(block, to, head, tokens).set(this.filled(block, from, head, tokens));
      }
    }
  }

  /** Copies a row's first `tokens` positions out. */
  save(slot: number, tokens: number): KvSnapshot {
    const length = tokens * this.positionBytes;
    const snapshot = new HostSnapshot(tokens, this.blocks.length * this.spec.kvHeads * length);
    const { bytes } = snapshot;
    let at = 0;
    for (const block of this.blocks) {
      for (let head = 0; head < this.spec.kvHeads; head++, at += length)
        bytes.set(this.filled(block, slot, head, tokens), at);
    }
    return snapshot;
  }

  /** Puts a snapshot of this store into a slot. */
  restore(slot: number, snapshot: KvSnapshot): void {
    if (!(snapshot instanceof HostSnapshot)) throw new Error('The snapshot is of another device.');
    const { tokens, bytes } = snapshot;
    const length = tokens * this.positionBytes;
    let at = 0;
    for (const block of this.blocks) {
      for (let head = 0; head < this.spec.kvHeads; head++, at += length) {
        this.filled(block, slot, head, tokens).set(bytes.subarray(at, at + length));
      }
    }
  }

  /** Largest absolute number of each channel `[kvHeads · headDim]` in a slot's first positions. float32 stores only. */
  largest(layer: number, kind: 0 | 1, slot: number, tokens: number): Float32Array {
    if (this.format.type !== 'float32') throw new Error('Only a float32 cache can be calibrated from.');
    const { kvHeads, headDim } = this.spec;
    const found = new Float32Array(kvHeads * headDim);
    for (let head = 0; head < kvHeads; head++) {
      const bytes = this.filled(this.block(layer, kind), slot, head, tokens);
      const numbers = new Float32Array(bytes.buffer, bytes.byteOffset, tokens * headDim);
      for (let i = 0; i < numbers.length; i++) {
        const channel = head * headDim + (i % headDim);
        found[channel] = Math.max(found[channel]!, Math.abs(numbers[i]!));
      }
    }
    return found;
  }

  release(): void {
    for (const block of this.blocks) block.release();
  }

  private block(layer: number, kind: 0 | 1): HostMemory {
    return this.blocks[layer * 2 + kind]!;
  }

  private filled(block: HostMemory, slot: number, head: number, tokens: number): Uint8Array {
    return block.bytes(slot * this.slotBytes + head * this.headBytes, tokens * this.positionBytes);
  }

  private trim(slot: number, used: number): void {
    if (this.touched[slot]! <= used) return;
    const keep = used * this.positionBytes;
    const drop = this.touched[slot]! * this.positionBytes - keep;
    for (const block of this.blocks) {
      for (let head = 0; head < this.spec.kvHeads; head++) {
        block.giveBack(slot * this.slotBytes + head * this.headBytes + keep, drop);
      }
    }
    this.touched[slot] = used;
  }
}
