/** Bits of the nearest IEEE half, ties to even. */
export function float16Bits(x: number): number {
  const bits = new Uint32Array(Float32Array.of(x).buffer)[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const exponent = (bits >>> 23) & 0xff;
  const mantissa = bits & 0x7fffff;
  if (exponent === 255) return sign | 0x7c00 | (mantissa === 0 ? 0 : 0x200);
  const half = exponent - 112;
  if (half >= 31) return sign | 0x7c00;
  if (half < -10) return sign;
  // Below the normal range the leading one becomes explicit and the mantissa is shifted down.
  const shift = half > 0 ? 13 : 14 - half;
  const full = half > 0 ? (half << 23) | mantissa : mantissa | 0x800000;
  const kept = full >>> shift;
  const dropped = full & (2 ** shift - 1);
  const middle = 2 ** (shift - 1);
  return sign | (dropped > middle || (dropped === middle && kept & 1) ? kept + 1 : kept);
}

/** The number that bits of an IEEE half stand for. */
export function float16Value(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  if (exponent === 31) return mantissa === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1 + mantissa / 1024) * 2 ** (exponent - 15));
}
