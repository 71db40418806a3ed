/** Widening of the half-width number formats, exact in float32. */

const halfTable = new Float32Array(65536);
const scratch = new DataView(new ArrayBuffer(4));
for (let bits = 0; bits < 65536; bits++) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) halfTable[bits] = sign * fraction * 2 ** -24;
  else if (exponent === 31) halfTable[bits] = fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  else halfTable[bits] = sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** IEEE half precision → number. */
export const halfToNumber = (bits: number): number => halfTable[bits & 0xffff]!;

/** bfloat16 → number. */
export function bfloat16ToNumber(bits: number): number {
  scratch.setUint32(0, (bits & 0xffff) * 65536);
  return scratch.getFloat32(0);
}

/** `[rows, columns]` → `[columns, rows]`, in tiles so that both sides stay in cache. */
export function transpose(data: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(data.length);
  const tile = 32;
  for (let r0 = 0; r0 < rows; r0 += tile) {
    const r1 = Math.min(r0 + tile, rows);
    for (let c0 = 0; c0 < columns; c0 += tile) {
      const c1 = Math.min(c0 + tile, columns);
      for (let r = r0; r < r1; r++) for (let c = c0; c < c1; c++) out[c * rows + r] = data[r * columns + c]!;
    }
  }
  return out;
}
