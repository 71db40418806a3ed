import type { Recipe, SamplePrediction, StepMetrics } from '@parapet/contracts/recipe';
import type { TrainingRow } from '@parapet/contracts/training-row';
import type { BaseModel } from '@parapet/models/open';
import type { OperatorLibrary, Runtime, SessionOptions } from '@parapet/runtime';
import type { Accelerator } from '@parapet/runtime/accelerator';
import { TrainingRun } from './training-run.ts';

export interface TrainOptions {
  recipe: Recipe;
  model: BaseModel;
  /** The name under which the base model is served: written into the adapter's manifest. */
  baseModel: string;
  trainRows: Iterable<TrainingRow> | AsyncIterable<TrainingRow>;
  /** Empty = nothing is held out: the last step's adapter is the result. */
  validRows: Iterable<TrainingRow> | AsyncIterable<TrainingRow>;
  /** Checkpoints and the finished adapter are written here. */
  workDir: string;
  /** Keeps the base weights in the form that graphs map; shared by all jobs of a base model. */
  weightsFolder: string;
  /** A state written by an earlier run of the same recipe, data and base model. */
  resumeFrom?: string | null;
  /** The adapter file that `recipe.warmStartDigest` names. */
  warmStart?: Uint8Array | null;
  /** Ends the run at the next step, with no checkpoint. */
  signal?: AbortSignal;
  /** Asked at every step; true = write a checkpoint and end. */
  shouldPause?: () => boolean;
  onMetrics?: (metrics: StepMetrics) => void | Promise<void>;
  onCheckpoint?: (checkpoint: WrittenCheckpoint) => void | Promise<void>;
  onMessage?: (level: 'info' | 'warn' | 'error', message: string) => void | Promise<void>;
  onSample?: (sample: SamplePrediction) => void | Promise<void>;
  /** Seconds between checkpoints; default 60. */
  checkpointSeconds?: number;
  /** Also a checkpoint every so many steps. */
  checkpointSteps?: number;
  /** Bytes the process may take; default 70% of what is free. */
  memoryBudget?: number;
  /** The card to train on. Absent = the CPU, with `runtime` and `session`. */
  accelerator?: Accelerator;
  /** The CPU's operators of our own (`findOperators`); absent or null = ONNX Runtime's alone. */
  operators?: OperatorLibrary | null;
  runtime?: Runtime;
  session?: SessionOptions;
}

export interface WrittenCheckpoint {
  step: number;
  statePath: string;
  /** SHA-256 of the file. */
  stateDigest: string;
  /** The adapter as it is at this step. */
  adapterPath: string;
  adapterDigest: string;
  metrics: StepMetrics | null;
}

export type TrainingOutcome =
  | {
      status: 'succeeded';
      adapterPath: string;
      adapterDigest: string;
      steps: number;
      trainedTokens: number;
      finalMetrics: StepMetrics;
      /** The step whose numbers the adapter has: the best validation's, or the last. */
      bestStep: number;
      stoppedEarly: boolean;
    }
  | { status: 'paused'; checkpoint: WrittenCheckpoint }
  | { status: 'cancelled' };

/**
 * Trains one adapter. Same recipe, data, base model, device and threads: same adapter, byte for byte, however often
 * the run was killed and resumed in between.
 *
 * @throws ParapetError for what the caller can mend (rows, checkpoint, warm start, divergence)
 */
export async function train(options: TrainOptions): Promise<TrainingOutcome> {
  const run = await TrainingRun.open(options);
  try {
    return await run.execute();
  } finally {
    await run.release();
  }
}
