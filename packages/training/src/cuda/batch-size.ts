import type { MicroBatch } from '../dataset/batches.ts';

/** Sizes that a step is recorded for, so that few recordings serve all batches. */
export interface BatchSize {
  rows: number;
  columns: number;
  targets: number;
}

/** The smallest of 1, 2, 3, 4, 6, 8, 12, 16, 24 … that holds n. */
function roomy(n: number): number {
  let power = 1;
  while (power < n) power *= 2;
  return power >= 4 && (3 * power) / 4 >= n ? (3 * power) / 4 : power;
}

export function batchSizeFor({ rows, columns, labels }: MicroBatch): BatchSize {
  const multiple = columns <= 256 ? 32 : 128;
  return {
    rows: roomy(rows),
    columns: Math.ceil(columns / multiple) * multiple,
    targets: Math.max(64, roomy(labels.length)),
  };
}

/** A micro-batch with rows, positions and targets that count nothing, up to the size. */
export function padBatch(batch: MicroBatch, { rows, columns, targets }: BatchSize): MicroBatch {
  const tokens = new BigInt64Array(rows * columns);
  for (let row = 0; row < batch.rows; row++) {
    tokens.set(batch.tokens.subarray(row * batch.columns, (row + 1) * batch.columns), row * columns);
  }
  const targetRows = new BigInt64Array(targets);
  for (const [i, at] of batch.targetRows.entries()) {
    const row = Number(at) / batch.columns;
    targetRows[i] = BigInt(Math.floor(row) * columns + (Number(at) % batch.columns));
  }
  const labels = new BigInt64Array(targets);
  labels.set(batch.labels);
  const promptTokens = Array.from({ length: rows }, (_, row) => batch.promptTokens[row] ?? 1);
  return { rows, columns, tokens, promptTokens, targetRows, labels, tokenCount: batch.tokenCount };
}
