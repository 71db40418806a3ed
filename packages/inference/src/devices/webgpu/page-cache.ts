import type { ModelSpec } from '@parapet/models/spec';
import type { KvSnapshot } from '../../kv/kv-store.ts';
import { pageTokens, type Widths } from '../cuda/layout.ts';
import type { Gpu } from './gpu.ts';
import { type StorageType, storageBytes } from './layout.ts';
import { SharedPages } from './shared-pages.ts';

/** Positions kept for whole-prompt reuse. */
class PageSnapshot implements KvSnapshot {
  private released = false;

  constructor(
    readonly tokens: number,
    readonly pages: readonly number[],
    private readonly giveBack: (pages: readonly number[]) => void,
  ) {}

  release(): void {
    if (this.released) return;
    this.released = true;
    this.giveBack(this.pages);
  }
}

/**
 * Keys and values on the device, in pages: a buffer a layer, `[pages, 2, kvHeads, …]` (common.wgsl), and the table of each
 * slot's pages. A copy of a row shares its full pages; only the last, still growing one is copied.
 */
export class GpuPageCache {
  /** `[slots, maxPages]` uint32 */
  readonly tables: GPUBuffer;
  readonly layers: readonly GPUBuffer[];
  private readonly pages: SharedPages;
  private readonly pageBytes: number;
  private readonly slotPages: number[][];
  /** A page of every layer on its way: a copy within one buffer is not allowed. */
  private readonly passing: GPUBuffer;

  constructor(
    private readonly gpu: Gpu,
    spec: ModelSpec,
    private readonly widths: Widths,
    type: StorageType,
    slots: number,
    pages: number,
  ) {
    this.pages = new SharedPages(pages);
    this.pageBytes = 2 * spec.kvHeads * pageTokens * spec.headDim * storageBytes[type];
    this.tables = gpu.buffer('page tables', slots * widths.maxPages * 4);
    const bytes = pages * this.pageBytes;
    this.layers = Array.from({ length: spec.layers }, (_, layer) =>
      gpu.buffer(`the KV cache of layer ${layer}`, bytes),
    );
    this.slotPages = Array.from({ length: slots }, () => []);
    this.passing = gpu.buffer('a page on its way', spec.layers * this.pageBytes);
  }

  get freePages(): number {
    return this.pages.freeCount;
  }

  /** Gives a slot fresh pages for `tokens` positions in place of what it held. */
  hold(slot: number, tokens: number): void {
    this.release(slot);
    this.enter(slot, this.pages.take(pagesOf(tokens)));
  }

  /** The page that a row's `tokens`-th position begins, for the step to enter in the table; −1 when it begins none. */
  extend(slot: number, tokens: number): number {
    const held = this.slotPages[slot]!;
    const wanted = pagesOf(tokens);
    if (held.length === wanted) return -1;
    if (held.length !== wanted - 1) {
      throw new Error(`Slot ${slot} holds ${held.length} pages; its ${tokens} tokens need ${wanted}.`);
    }
    const page = this.pages.take(1)[0]!;
    held.push(page);
    return page;
  }

  release(slot: number): void {
    this.pages.release(this.slotPages[slot]!.splice(0));
  }

  copy(from: number, to: number, tokens: number): void {
    const pages = this.duplicate(this.slotPages[from]!, tokens);
    this.release(to);
    this.enter(to, pages);
  }

  save(slot: number, tokens: number): KvSnapshot {
    const pages = this.duplicate(this.slotPages[slot]!, tokens);
    return new PageSnapshot(tokens, pages, (given) => this.pages.release(given));
  }

  restore(slot: number, snapshot: KvSnapshot): void {
    this.release(slot);
    this.enter(slot, this.duplicate((snapshot as PageSnapshot).pages, snapshot.tokens));
  }

  /** Pages with the first `tokens` positions of others: the full ones shared, the rest copied. */
  private duplicate(from: readonly number[], tokens: number): number[] {
    const full = Math.floor(tokens / pageTokens);
    const shared = from.slice(0, full);
    const own = this.pages.take(pagesOf(tokens) - full);
    this.pages.share(shared);
    if (own.length > 0) this.copyPage(from[full]!, own[0]!);
    return [...shared, ...own];
  }

  private copyPage(from: number, to: number): void {
    const { layers, passing, pageBytes } = this;
    this.gpu.submit((encoder) => {
      for (const [i, layer] of layers.entries()) {
        encoder.copyBufferToBuffer(layer, from * pageBytes, passing, i * pageBytes, pageBytes);
      }
      for (const [i, layer] of layers.entries()) {
        encoder.copyBufferToBuffer(passing, i * pageBytes, layer, to * pageBytes, pageBytes);
      }
    });
  }

  private enter(slot: number, pages: number[]): void {
    this.slotPages[slot] = pages;
    if (pages.length > 0) this.gpu.upload(this.tables, Uint32Array.from(pages), slot * this.widths.maxPages * 4);
  }
}

const pagesOf = (tokens: number): number => Math.ceil(tokens / pageTokens);
