import type { ModelTaskKind, ModelTaskResult, ModelTaskStep, QuantisedWeights } from '@parapet/contracts/model-task';
import type { WeightKind } from '@parapet/inference/weights';
import type { FileRecord } from '@parapet/models/verify/model-files';

/** What the process of a task is told, by its first message. */
export interface TaskOrder {
  kind: ModelTaskKind;
  /** The base model's name. */
  model: string;
  path: string;
  weights: QuantisedWeights | null;
  baseDigest: string | null;
  recordedFiles: FileRecord[] | null;
  /** The worker's data folder: its exports and kernels. */
  data: string;
  /** The kind of weights that the worker starts from. */
  served: WeightKind;
}

/** What it says: how far it is, and at last one of the other two. */
export type TaskWord =
  | { type: 'progress'; step: ModelTaskStep; done: number }
  | { type: 'succeeded'; result: ModelTaskResult }
  | { type: 'failed'; error: string };
