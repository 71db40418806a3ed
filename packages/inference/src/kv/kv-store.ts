import type { ModelSpec } from '@parapet/models/spec';
import { HostMemory, type Runtime, Tensor } from '@parapet/runtime';
import { blockTokens } from './block-pool.ts';

/** Keys and values of a row's first positions, copied out: what whole-prompt reuse keeps. Its form is the device's. */
export interface KvSnapshot {
  readonly tokens: number;
  /** Gives its memory back. */
  release(): void;
}

class HostSnapshot implements KvSnapshot {
  constructor(
    readonly tokens: number,
    /** `[layers, 2, kvHeads, tokens, headDim]`. */
    readonly numbers: Float32Array,
  ) {}

  release(): void {} // the collector's
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
  private readonly headNumbers: number;
  private readonly slotNumbers: number;
  /** Most positions each slot was filled to since its memory was last given back. */
  private readonly touched: Int32Array;

  constructor(
    private readonly runtime: Runtime,
    private readonly spec: ModelSpec,
    readonly slots: number,
    /** Positions that may occupy memory, all slots together. */
    private readonly budgetTokens: number,
  ) {
    this.capacity = spec.context + blockTokens;
    this.headNumbers = this.capacity * spec.headDim;
    this.slotNumbers = spec.kvHeads * this.headNumbers;
    this.touched = new Int32Array(slots);
    this.blocks = Array.from({ length: spec.layers * 2 }, () => new HostMemory(slots * this.slotNumbers * 4));
  }

  /** A layer's keys (0) or values (1) of `rows` slots from `firstSlot`: `[rows, kvHeads, capacity, headDim]`, no copy. */
  tensor(layer: number, kind: 0 | 1, firstSlot: number, rows: number): Tensor {
    const shape = [rows, this.spec.kvHeads, this.capacity, this.spec.headDim];
    return Tensor.within(
      this.runtime,
      'float32',
      shape,
      this.blocks[layer * 2 + kind]!,
      firstSlot * this.slotNumbers * 4,
    );
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
    const length = tokens * this.spec.headDim;
    for (const block of this.blocks) {
      for (let head = 0; head < this.spec.kvHeads; head++) {
        const source = block.floats(from * this.slotNumbers + head * this.headNumbers, length);
        block.floats(to * this.slotNumbers + head * this.headNumbers, length).set(source);
      }
    }
  }

  /** Copies a row's first `tokens` positions out. */
  save(slot: number, tokens: number): KvSnapshot {
    const length = tokens * this.spec.headDim;
    const numbers = new Float32Array(this.blocks.length * this.spec.kvHeads * length);
    let at = 0;
    for (const block of this.blocks) {
      for (let head = 0; head < this.spec.kvHeads; head++, at += length) {
        numbers.set(block.floats(slot * this.slotNumbers + head * this.headNumbers, length), at);
      }
    }
    return new HostSnapshot(tokens, numbers);
  }

  /** Puts a snapshot of this store into a slot. */
  restore(slot: number, snapshot: KvSnapshot): void {
    if (!(snapshot instanceof HostSnapshot)) throw new Error('The snapshot is of another device.');
    const { tokens, numbers } = snapshot;
    const length = tokens * this.spec.headDim;
    let at = 0;
    for (const block of this.blocks) {
      for (let head = 0; head < this.spec.kvHeads; head++, at += length) {
        block.floats(slot * this.slotNumbers + head * this.headNumbers, length).set(numbers.subarray(at, at + length));
      }
    }
  }

  release(): void {
    for (const block of this.blocks) block.release();
  }

  private trim(slot: number, used: number): void {
    if (this.touched[slot]! <= used) return;
    const keep = used * this.spec.headDim;
    const drop = this.touched[slot]! * this.spec.headDim - keep;
    for (const block of this.blocks) {
      for (let head = 0; head < this.spec.kvHeads; head++) {
        block.giveBack((slot * this.slotNumbers + head * this.headNumbers + keep) * 4, drop * 4);
      }
    }
    this.touched[slot] = used;
  }
}
