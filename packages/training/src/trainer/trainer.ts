import type { AdapterConfig } from '@parapet/contracts/adapter';
import type { BaseModel } from '@parapet/models/open';
import type { MicroBatch } from '../dataset/batches.ts';
import type { OptimizerSettings } from '../graph/adamw.ts';
import type { FlatLayout } from '../graph/flat-parameters.ts';

export interface TrainerOptions {
  model: Pick<BaseModel, 'spec' | 'digest' | 'weights'>;
  config: AdapterConfig;
  /** Seeds the adapter's first numbers. */
  seed: number;
  /** Keeps the base weights in the form that graphs map, between runs. */
  weightsFolder: string;
}

/** What a micro-batch showed. */
export interface BatchResult {
  /** Σ of the targets' losses, each times the weight given. */
  loss: number;
  /** Targets that were the likeliest token. */
  correct: number;
  /** The likeliest token at each target. */
  predictions: BigInt64Array;
}

/** θ [N] and AdamW's moments. */
export interface TrainerState {
  theta: Float32Array;
  m: Float32Array;
  v: Float32Array;
}

/** One adapter being trained, on whatever device: its numbers, and the steps that change them. */
export interface Trainer extends Readonly<TrainerState> {
  /** Where each tensor lies in θ. */
  readonly layout: FlatLayout;
  /** Takes numbers over, from a checkpoint or another adapter. */
  load(state: Partial<TrainerState>): void;
  /** Forward and backward over a micro-batch; its gradient is added to the step's. `weight` is what a target counts. */
  accumulate(batch: MicroBatch, weight: number): Promise<BatchResult>;
  /** Forward alone. `theta` stands in for the trained numbers (another checkpoint's, a fresh adapter's). */
  evaluate(batch: MicroBatch, weight: number, theta?: Float32Array): Promise<BatchResult>;
  /** One AdamW step with the gradient that was accumulated, which is zero again afterwards. `step` counts from 1. */
  step(step: number, settings: OptimizerSettings): { gradientNorm: number };
  /** Gives memory and sessions back. */
  release(): Promise<void>;
}
