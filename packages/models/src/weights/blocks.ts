import { bfloat16ToNumber, halfToNumber } from './numeric.ts';
import type { WeightFormat } from './weights.ts';

/** Numbers a quantisation block holds; blocks run along a row. */
export const blockSize = 32;

const bytesPerBlock = { q8_0: 34, q4_1: 20 } as const;

/** Bytes that `size` numbers take in a file. */
export function byteLength(format: WeightFormat, size: number): number {
  switch (format) {
    case 'float32':
      return size * 4;
    case 'float16':
    case 'bfloat16':
      return size * 2;
    case 'q8_0':
    case 'q4_1':
      return (size / blockSize) * bytesPerBlock[format];
  }
}

/** A quantised tensor taken apart without rounding: w[i] = scale[i >> 5] · q[i] + (min ? min[i >> 5] : 0). */
export type QuantBlocks = {
  /** Signed for q8_0 (−128…127), unsigned for q4_1 (0…15); one number an element. */
  q: Int8Array | Uint8Array;
  /** d of every block; an exact widening of the file's half precision. */
  scale: Float32Array;
  /** m of every block, or null where the format has none. */
  min: Float32Array | null;
};

/** Takes GGML blocks apart. q8_0: half d, 32 × int8. q4_1: half d, half m, 16 bytes (low nibbles first 16). */
export function readBlocks(format: 'q8_0' | 'q4_1', raw: Uint8Array, size: number): QuantBlocks {
  const count = size / blockSize;
  const stride = bytesPerBlock[format];
  const scale = new Float32Array(count);
  if (format === 'q8_0') {
    const q = new Int8Array(size);
    for (let b = 0; b < count; b++) {
      const at = b * stride;
      scale[b] = halfToNumber(raw[at]! | (raw[at + 1]! << 8));
      for (let i = 0; i < blockSize; i++) q[b * blockSize + i] = raw[at + 2 + i]!;
    }
    return { q, scale, min: null };
  }
  const q = new Uint8Array(size);
  const min = new Float32Array(count);
  for (let b = 0; b < count; b++) {
    const at = b * stride;
    scale[b] = halfToNumber(raw[at]! | (raw[at + 1]! << 8));
    min[b] = halfToNumber(raw[at + 2]! | (raw[at + 3]! << 8));
    for (let i = 0; i < 16; i++) {
      const pair = raw[at + 4 + i]!;
      q[b * blockSize + i] = pair & 15;
      q[b * blockSize + 16 + i] = pair >> 4;
    }
  }
  return { q, scale, min };
}

/** Any format → float32: exact for the plain ones, the format's own dequantisation for blocks. */
export function toFloat32(format: WeightFormat, raw: Uint8Array, size: number): Float32Array {
  if (raw.byteLength !== byteLength(format, size))
    throw new RangeError(`${size} numbers of ${format} take ${byteLength(format, size)} bytes, not ${raw.byteLength}`);
  const out = new Float32Array(size);
  switch (format) {
    case 'float32':
      new Uint8Array(out.buffer).set(raw);
      return out;
    case 'float16':
      for (let i = 0; i < size; i++) out[i] = halfToNumber(raw[2 * i]! | (raw[2 * i + 1]! << 8));
      return out;
    case 'bfloat16':
      for (let i = 0; i < size; i++) out[i] = bfloat16ToNumber(raw[2 * i]! | (raw[2 * i + 1]! << 8));
      return out;
    case 'q8_0':
    case 'q4_1': {
      const { q, scale, min } = readBlocks(format, raw, size);
      for (let b = 0; b < scale.length; b++) {
        const d = scale[b]!;
        const m = min === null ? 0 : min[b]!;
        for (let i = b * blockSize; i < (b + 1) * blockSize; i++) out[i] = Math.fround(q[i]! * d) + m;
      }
      return out;
    }
  }
}
