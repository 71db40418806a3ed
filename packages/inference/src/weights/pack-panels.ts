import { bfloat16BitsAbove, bfloat16Value } from './bfloat16.ts';

/** Numbers of a row that share a scale: the depth of a tile (kernels/block-linear.h). */
export const panelBlock = 64;
/** Outputs of a panel. */
export const panelOutputs = 16;
/** Consecutive inputs that a kernel multiplies at once. */
const quad = 4;

/**
 * Weights `[out, in]` in 8 bits as our own kernels read them: for every 16 outputs a panel of
 * `[blocks][block / 4][16][4]` int8, then its scales `[blocks][16]` bfloat16, to a multiple of 64 bytes. Outputs and
 * inputs that are missing at the end are zero. Scales are rounded up, so that no weight is cut off.
 */
export function packPanels(
  weights: Float32Array,
  outWidth: number,
  inWidth: number,
): { data: Uint8Array; shape: [panels: number, bytes: number] } {
  const blocks = Math.ceil(inWidth / panelBlock);
  const panels = Math.ceil(outWidth / panelOutputs);
  const tileBytes = panelBlock * panelOutputs;
  const panelBytes = Math.ceil((blocks * (tileBytes + panelOutputs * 2)) / 64) * 64;
  const data = new Uint8Array(panels * panelBytes);
  const signed = new Int8Array(data.buffer);
  const scales = new Uint16Array(data.buffer);
  for (let out = 0; out < outWidth; out++) {
    const panel = Math.floor(out / panelOutputs) * panelBytes;
    const lane = out % panelOutputs;
    for (let block = 0; block < blocks; block++) {
      const from = out * inWidth + block * panelBlock;
      const to = Math.min(from + panelBlock, (out + 1) * inWidth);
      let largest = 0;
      for (let i = from; i < to; i++) {
        const size = Math.abs(weights[i]!);
        if (size > largest) largest = size;
      }
      const bits = bfloat16BitsAbove(largest / 127);
      scales[(panel + blocks * tileBytes) / 2 + block * panelOutputs + lane] = bits;
      const scale = bfloat16Value(bits);
      if (scale === 0) continue;
      const tile = panel + block * tileBytes + lane * quad;
      for (let i = from; i < to; i++) {
        const k = i - from;
        signed[tile + (k - (k % quad)) * panelOutputs + (k % quad)] = Math.round(weights[i]! / scale);
      }
    }
  }
  return { data, shape: [panels, panelBytes] };
}
