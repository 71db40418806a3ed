import { createHash } from 'node:crypto';
import type { RowScales } from '../devices/device.ts';
import { type BlockPool, blocksFor } from './block-pool.ts';
import type { KvSnapshot } from './kv-store.ts';

/** All that prefilling a prompt gave. */
export interface CachedPrompt {
  kv: KvSnapshot;
  /** What the prompt made; null = its rows are adapted as the request says, or not at all. */
  scales: RowScales | null;
  /** Logits `[V]` of the last token. */
  logits: Float32Array;
}

const ownerPrefix = 'cached-prompt ';

/**
 * Whole prompts by tenant, adapter, strength and tokens. PARA's vectors, and so the keys and values, depend on the whole
 * prompt: a prefix can't be reused. Its blocks count like any row's and are the first to go.
 */
export class PromptCache {
  private readonly entries = new Map<string, CachedPrompt>();

  constructor(private readonly pool: () => BlockPool) {}

  static key(
    tenantId: string,
    adapter: { digest: string; strength: number } | null,
    tokens: readonly number[],
  ): string {
    const hash = createHash('sha256');
    hash.update(JSON.stringify([tenantId, adapter?.digest ?? null, adapter?.strength ?? null]));
    hash.update(new Uint8Array(Int32Array.from(tokens).buffer));
    return hash.digest('hex');
  }

  get size(): number {
    return this.entries.size;
  }

  get(key: string): CachedPrompt | null {
    const entry = this.entries.get(key);
    if (entry === undefined) return null;
    this.entries.delete(key);
    this.entries.set(key, entry);
    return entry;
  }

  /** Whether a prompt of that length may be kept now: only while a good part of the memory is free. */
  hasRoom(tokens: number): boolean {
    const pool = this.pool();
    return pool.free - blocksFor(tokens) >= pool.capacity / 4;
  }

  put(key: string, prompt: CachedPrompt): void {
    if (!this.pool().resize(ownerPrefix + key, blocksFor(prompt.kv.tokens))) {
      prompt.kv.release();
      return;
    }
    this.entries.get(key)?.kv.release();
    this.entries.delete(key);
    this.entries.set(key, prompt);
  }

  /** Gives all of it back. */
  release(): void {
    this.reclaim(Number.POSITIVE_INFINITY);
  }

  /** Drops least recently used prompts until `blocks` are free or none is left; true if any was dropped. */
  reclaim(blocks: number): boolean {
    let freed = 0;
    for (const [key, { kv }] of this.entries) {
      if (freed >= blocks) break;
      this.entries.delete(key);
      this.pool().release(ownerPrefix + key);
      kv.release();
      freed += blocksFor(kv.tokens);
    }
    return freed > 0;
  }
}
