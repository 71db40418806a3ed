/** A matrix `[rows, columns]` in 8-bit blocks along its rows, as MatMulNBits reads it. */
export interface QuantisedMatrix {
  /** `[rows, blocks, blockSize]`, stored as q + 128. */
  values: Uint8Array;
  /** `[rows, blocks]`: w = scale · (stored − 128). */
  scales: Float32Array;
}

/** Symmetric 8-bit rounding: scale = max|w| / 127 of each block; a row's last block is filled with zeros. */
export function quantise8(weights: Float32Array, rows: number, columns: number, blockSize: number): QuantisedMatrix {
  const blocks = Math.ceil(columns / blockSize);
  const values = new Uint8Array(rows * blocks * blockSize).fill(128);
  const scales = new Float32Array(rows * blocks);
  for (let row = 0; row < rows; row++) {
    for (let block = 0; block < blocks; block++) {
      const start = row * columns + block * blockSize;
      const end = Math.min(start + blockSize, (row + 1) * columns);
      let largest = 0;
      for (let i = start; i < end; i++) {
        const size = Math.abs(weights[i]!);
        if (size > largest) largest = size;
      }
      const scale = Math.fround(largest / 127);
      scales[row * blocks + block] = scale;
      if (scale === 0) continue;
      let out = (row * blocks + block) * blockSize;
      for (let i = start; i < end; i++) values[out++] = 128 + Math.round(weights[i]! / scale);
    }
  }
  return { values, scales };
}
