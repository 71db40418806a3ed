const word = new Uint32Array(1);
const real = new Float32Array(word.buffer);

/** Bits of the nearest bfloat16, halves to even; NaN stays NaN. */
export function bfloat16Bits(x: number): number {
  real[0] = x;
  if (Number.isNaN(x)) return 0x7fc0;
  return (word[0]! + 0x7fff + ((word[0]! >>> 16) & 1)) >>> 16;
}

/** Bits of the least bfloat16 that is not below x, which is finite and not negative. */
export function bfloat16BitsAbove(x: number): number {
  real[0] = x;
  if (real[0] < x) word[0]! += 1;
  return (word[0]! + 0xffff) >>> 16;
}

export function bfloat16Value(bits: number): number {
  word[0] = bits << 16;
  return real[0]!;
}
