/** A generator of numbers in [0, 1) from a seed (mulberry32): small, and the same everywhere. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Marks `count` of `total` at random (1 = chosen); the same seed chooses the same. */
export function chooseRows(total: number, count: number, seed: number): Uint8Array {
  const random = seeded(seed);
  const order = Uint32Array.from({ length: total }, (_, index) => index);
  const chosen = new Uint8Array(total);
  for (let at = 0; at < count; at++) {
    const other = at + Math.floor(random() * (total - at));
    const index = order[other] ?? at;
    order[other] = order[at] ?? other;
    order[at] = index;
    chosen[index] = 1;
  }
  return chosen;
}
