/**
 * Who holds which page of the cache. A page that is full is never written again, so rows and kept prompts with the same
 * beginning share it; it is free when the last of them lets go.
 */
export class SharedPages {
  private readonly free: number[];
  private readonly holders: Uint32Array;

  constructor(readonly count: number) {
    this.free = Array.from({ length: count }, (_, page) => count - 1 - page);
    this.holders = new Uint32Array(count);
  }

  get freeCount(): number {
    return this.free.length;
  }

  take(count: number): number[] {
    if (count > this.free.length) throw new Error('The KV cache has no free page left.');
    const pages = count <= 0 ? [] : this.free.splice(this.free.length - count);
    for (const page of pages) this.holders[page] = 1;
    return pages;
  }

  share(pages: readonly number[]): void {
    for (const page of pages) {
      if (this.holders[page] === 0) throw new Error(`Page ${page} is nobody's and can't be shared.`);
      this.holders[page]! += 1;
    }
  }

  release(pages: readonly number[]): void {
    for (const page of pages) {
      if (this.holders[page] === 0) throw new Error(`Page ${page} was given back twice.`);
      this.holders[page]! -= 1;
      if (this.holders[page] === 0) this.free.push(page);
    }
  }
}
