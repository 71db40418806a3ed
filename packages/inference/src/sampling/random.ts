/**
 * A uniform number in [0, 1) that depends on seed and position alone: the same whatever shares the batch, and after
 * a preemption. 32-bit finaliser of MurmurHash3 over both, twice.
 */
export function uniformAt(seed: number, position: number): number {
  const low = mix((seed >>> 0) ^ Math.imul(position + 1, 0x9e3779b1));
  const high = mix(low ^ Math.imul((seed / 2 ** 32) | 0, 0x85ebca6b) ^ position);
  return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53;
}

function mix(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
