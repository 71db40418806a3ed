/** Tokens of a block. With 64-wide float32 heads a block of one head is one page of memory. */
export const blockTokens = 16;

/** Blocks that `tokens` positions take. */
export function blocksFor(tokens: number): number {
  return Math.ceil(tokens / blockTokens);
}

/**
 * Counts who holds how many KV blocks; no memory of its own. A row's positions are contiguous in address space, so a
 * block has no number, only an owner: the pool bounds the sum.
 */
export class BlockPool {
  private readonly held = new Map<string, number>();
  private used = 0;

  constructor(readonly capacity: number) {
    if (!Number.isInteger(capacity) || capacity < 1)
      throw new Error(`A pool needs at least one block, not ${capacity}.`);
  }

  get free(): number {
    return this.capacity - this.used;
  }

  get inUse(): number {
    return this.used;
  }

  /** Blocks an owner holds. */
  of(owner: string): number {
    return this.held.get(owner) ?? 0;
  }

  owners(): Iterable<string> {
    return this.held.keys();
  }

  /** Makes the owner's holding `blocks`; false, with nothing changed, when more are asked than are free. */
  resize(owner: string, blocks: number): boolean {
    const delta = blocks - this.of(owner);
    if (delta > this.free) return false;
    this.used += delta;
    if (blocks === 0) this.held.delete(owner);
    else this.held.set(owner, blocks);
    return true;
  }

  release(owner: string): void {
    this.resize(owner, 0);
  }
}
