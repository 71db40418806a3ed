import type { Histogram } from '@parapet/contracts/portal/datasets';

/** Counts of whole numbers, one by one up to the context's length: exact and bounded. */
export class Tally {
  readonly #counts = new Map<number, number>();
  total = 0;
  largest = 0;

  add(value: number): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + 1);
    this.total += value;
    if (value > this.largest) this.largest = value;
  }

  /** At most `bins` bars of equal, whole width over [0, largest]. */
  histogram(bins = 24): Histogram {
    const width = Math.max(1, Math.ceil((this.largest + 1) / bins));
    const bars = Math.max(1, Math.ceil((this.largest + 1) / width));
    const counts = new Array<number>(bars).fill(0);
    for (const [value, count] of this.#counts) {
      const bar = Math.floor(value / width);
      counts[bar] = (counts[bar] ?? 0) + count;
    }
    return { edges: Array.from({ length: bars + 1 }, (_, index) => index * width), counts };
  }
}
