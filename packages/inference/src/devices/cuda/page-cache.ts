import type { ModelSpec } from '@parapet/models/spec';
import {
  type Accelerator,
  type CompiledKernels,
  type DeviceType,
  deviceTypeBytes,
  int64,
  pointer,
} from '@parapet/runtime/accelerator';
import type { KvSnapshot } from '../../kv/kv-store.ts';
import { Arena, pageTokens, threads, type Widths } from './layout.ts';

/** Positions kept for whole-prompt reuse, in pages of their own. */
class PageSnapshot implements KvSnapshot {
  constructor(
    readonly tokens: number,
    readonly pages: readonly number[],
    private readonly giveBack: (pages: readonly number[]) => void,
  ) {}

  release(): void {
    this.giveBack(this.pages);
  }
}

/**
 * Keys and values on the device, in pages: `[layers, 2, pages, kvHeads, pageTokens, headDim]`, and the table of each
 * slot's pages. A row takes what it has filled, whatever the context.
 */
export class PageCache {
  /** `[slots, maxPages]` int32 on the device. */
  readonly tables: bigint;
  private readonly arena: Arena;
  private readonly memory: bigint;
  private readonly layerBytes: number;
  private readonly free: number[];
  private readonly slotPages: number[][];
  private readonly copyPages: bigint;
  private readonly pairs: bigint;

  constructor(
    private readonly accelerator: Accelerator,
    kernels: CompiledKernels,
    private readonly spec: ModelSpec,
    private readonly widths: Widths,
    type: DeviceType,
    slots: number,
    readonly pages: number,
  ) {
    this.arena = new Arena(accelerator);
    this.layerBytes = pages * spec.kvHeads * pageTokens * spec.headDim * deviceTypeBytes[type];
    this.memory = this.arena.take(spec.layers * 2 * this.layerBytes);
    this.tables = this.arena.take(slots * widths.maxPages * 4);
    this.pairs = this.arena.take(widths.maxPages * 8);
    accelerator.upload(this.tables, new Int32Array(slots * widths.maxPages));
    this.free = Array.from({ length: pages }, (_, page) => pages - 1 - page);
    this.slotPages = Array.from({ length: slots }, () => []);
    this.copyPages = kernels.kernel('copyPages');
  }

  keys(layer: number): bigint {
    return this.memory + BigInt(layer * 2 * this.layerBytes);
  }

  values(layer: number): bigint {
    return this.memory + BigInt((layer * 2 + 1) * this.layerBytes);
  }

  table(slot: number): bigint {
    return this.tables + BigInt(slot * this.widths.maxPages * 4);
  }

  get freePages(): number {
    return this.free.length;
  }

  /** Gives a slot pages for `tokens` positions, and only those. */
  hold(slot: number, tokens: number): void {
    const held = this.slotPages[slot]!;
    const wanted = Math.ceil(tokens / pageTokens);
    if (held.length > wanted) this.free.push(...held.splice(wanted));
    else held.push(...this.take(wanted - held.length));
    this.accelerator.upload(this.table(slot), Int32Array.from(held));
  }

  /** The page that a row's `tokens`-th position begins, for the step to enter in the table; −1 when it begins none. */
  extend(slot: number, tokens: number): number {
    const held = this.slotPages[slot]!;
    const wanted = Math.ceil(tokens / pageTokens);
    if (held.length === wanted) return -1;
    if (held.length !== wanted - 1) {
      throw new Error(`Slot ${slot} holds ${held.length} pages; its ${tokens} tokens need ${wanted}.`);
    }
    const [page] = this.take(1);
    held.push(page!);
    return page!;
  }

  release(slot: number): void {
    this.free.push(...this.slotPages[slot]!.splice(0));
  }

  copy(from: number, to: number, tokens: number): void {
    this.hold(to, tokens);
    this.move(this.slotPages[from]!, this.slotPages[to]!, tokens);
  }

  save(slot: number, tokens: number): KvSnapshot {
    const pages = this.take(Math.ceil(tokens / pageTokens));
    this.move(this.slotPages[slot]!, pages, tokens);
    return new PageSnapshot(tokens, pages, (given) => this.free.push(...given));
  }

  restore(slot: number, snapshot: KvSnapshot): void {
    this.hold(slot, snapshot.tokens);
    this.move((snapshot as PageSnapshot).pages, this.slotPages[slot]!, snapshot.tokens);
  }

  close(): void {
    this.arena.release();
  }

  private take(count: number): number[] {
    if (count > this.free.length) throw new Error('The KV cache has no free page left.');
    return count <= 0 ? [] : this.free.splice(this.free.length - count);
  }

  private move(from: readonly number[], to: readonly number[], tokens: number): void {
    const count = Math.ceil(tokens / pageTokens);
    if (count === 0) return;
    const pairs = new Int32Array(count * 2);
    for (let i = 0; i < count; i++) {
      pairs[i * 2] = from[i]!;
      pairs[i * 2 + 1] = to[i]!;
    }
    this.accelerator.upload(this.pairs, pairs);
    const args = [
      pointer(this.pairs),
      pointer(this.memory),
      pointer(this.memory),
      int64(this.pages),
      int64(this.pages),
    ];
    this.accelerator.launch(this.copyPages, [count, this.spec.layers * 2], threads.any, args);
  }
}
