import { Random } from '@parapet/models/random';
import type { TrainingSequence } from './encode-rows.ts';

/** Batches whose rows are of similar length: as many rows are shuffled together before they are sorted by length. */
const bucketBatches = 32;
/** Positions of a micro-batch are a multiple of this: fewer shapes, aligned rows. */
const columnMultiple = 8;

/**
 * The batches of one epoch, as indices into the data: shuffled by seed and epoch, then cut from buckets of similar
 * length so that little is padding, in shuffled order. Every sequence is in exactly one batch; the last may be short.
 */
export function planEpoch(lengths: readonly number[], batchSize: number, seed: number, epoch: number): number[][] {
  const random = new Random((seed ^ Math.imul(epoch + 1, 0x9e3779b1)) >>> 0);
  const order = random.shuffled(lengths.map((_, i) => i));
  const batches: number[][] = [];
  for (let from = 0; from < order.length; from += batchSize * bucketBatches) {
    const bucket = order
      .slice(from, from + batchSize * bucketBatches)
      .sort((a, b) => lengths[a]! - lengths[b]! || a - b);
    for (let at = 0; at < bucket.length; at += batchSize) batches.push(bucket.slice(at, at + batchSize));
  }
  return random.shuffled(batches);
}

/** The batches of a whole run by step: epoch after epoch, each planned when first asked for. */
export class BatchPlan {
  readonly stepsPerEpoch: number;
  #epoch = -1;
  #batches: number[][] = [];

  constructor(
    private readonly lengths: readonly number[],
    private readonly batchSize: number,
    private readonly seed: number,
  ) {
    this.stepsPerEpoch = Math.ceil(lengths.length / batchSize);
  }

  /** Indices of the sequences of a step (0-based). */
  batch(step: number): readonly number[] {
    const epoch = Math.floor(step / this.stepsPerEpoch);
    if (epoch !== this.#epoch) {
      this.#epoch = epoch;
      this.#batches = planEpoch(this.lengths, this.batchSize, this.seed, epoch);
    }
    return this.#batches[step % this.stepsPerEpoch]!;
  }
}

/** Rows that go through the graph together, padded on the right. */
export interface MicroBatch {
  rows: number;
  columns: number;
  /** `[rows, columns]`. */
  tokens: BigInt64Array;
  /** Length of each row's prompt. */
  promptTokens: number[];
  /** `[K]`: positions, counted over rows · columns, that predict a target; the token each must predict. */
  targetRows: BigInt64Array;
  labels: BigInt64Array;
  /** Tokens that are no padding. */
  tokenCount: number;
}

/** What a micro-batch may hold; a single row is taken whatever its size. */
export interface MicroBatchLimits {
  /** rows · columns. */
  maxTokens: number;
  /** Target positions. */
  maxTargets: number;
}

/**
 * Cuts sequences into as few micro-batches as the limits allow, longest first, and of about the same size: none is a
 * leftover row, and the largest takes no more memory than it must.
 */
export function microBatches(sequences: readonly TrainingSequence[], limits: MicroBatchLimits): MicroBatch[] {
  const sorted = [...sequences].sort((a, b) => b.tokens.length - a.tokens.length);
  let groups = cut(sorted, limits);
  let [low, high] = [0, limits.maxTokens];
  while (groups.length > 1 && high - low > columnMultiple) {
    const maxTokens = Math.floor((low + high) / 2);
    const tighter = cut(sorted, { ...limits, maxTokens });
    if (tighter.length > groups.length) low = maxTokens;
    else [high, groups] = [maxTokens, tighter];
  }
  return groups.map(padded);
}

function cut(sorted: readonly TrainingSequence[], limits: MicroBatchLimits): TrainingSequence[][] {
  const groups: TrainingSequence[][] = [];
  let columns = 0;
  let targets = 0;
  for (const sequence of sorted) {
    const group = groups.at(-1);
    const more = sequence.tokens.length - sequence.promptTokens;
    if (group && (group.length + 1) * columns <= limits.maxTokens && targets + more <= limits.maxTargets) {
      group.push(sequence);
      targets += more;
    } else {
      groups.push([sequence]);
      columns = paddedColumns(sequence.tokens.length);
      targets = more;
    }
  }
  return groups;
}

export function paddedColumns(length: number): number {
  return Math.ceil(length / columnMultiple) * columnMultiple;
}

function padded(group: readonly TrainingSequence[]): MicroBatch {
  const columns = paddedColumns(group[0]!.tokens.length);
  const tokens = new BigInt64Array(group.length * columns);
  const targetRows: number[] = [];
  const labels: number[] = [];
  for (const [r, sequence] of group.entries()) {
    for (const [i, token] of sequence.tokens.entries()) tokens[r * columns + i] = BigInt(token);
    for (let i = sequence.promptTokens; i < sequence.tokens.length; i++) {
      targetRows.push(r * columns + i - 1);
      labels.push(sequence.tokens[i]!);
    }
  }
  return {
    rows: group.length,
    columns,
    tokens,
    promptTokens: group.map((sequence) => sequence.promptTokens),
    targetRows: BigInt64Array.from(targetRows, BigInt),
    labels: BigInt64Array.from(labels, BigInt),
    tokenCount: group.reduce((sum, sequence) => sum + sequence.tokens.length, 0),
  };
}
