import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import type { ModelTaskResult, ModelTaskStep } from '@parapet/contracts/model-task';
import { calibrationTexts } from '@parapet/inference/calibration';
import { cpuDevice } from '@parapet/inference/cpu-device';
import { findKernels } from '@parapet/inference/cpu-kernels';
import { openServingWeights, servedBlockSize, type WeightKind } from '@parapet/inference/weights';
import { measurePrefix, quantiseModel } from './quantise-model.ts';
import type { TaskOrder, TaskWord } from './task-message.ts';
import { verifyModel } from './verify-model.ts';

// A process of its own beside the serve worker: it may be killed at any moment, and its memory goes with it. One
// thread of the lowest priority, so that requests are served as before.
setPriority(constants.priority.PRIORITY_LOW);
const threads = 1;
/** Between two words about progress. */
const progressMs = 500;

process.on('disconnect', () => process.exit(0));
process.once('message', async (order: TaskOrder) => {
  let word: TaskWord;
  try {
    word = { type: 'succeeded', result: await run(order) };
  } catch (error) {
    word = { type: 'failed', error: sentence(error) };
  }
  process.send?.(word, () => process.exit(0));
});

async function run({ kind, model: name, path, weights, baseDigest, recordedFiles, data, served }: TaskOrder) {
  const weightsFolder = join(data, 'models', 'serving');
  mkdirSync(weightsFolder, { recursive: true });
  for (const left of readdirSync(weightsFolder).filter((entry) => entry.startsWith(measurePrefix)))
    rmSync(join(weightsFolder, left), { recursive: true, force: true }); // of a task that was killed
  const { kernels } = findKernels(join(data, 'models', 'kernels'));
  const deviceOf = (kind: WeightKind) => cpuDevice({ threads, kernels: kind === 'int8' ? kernels : null });
  const onProgress = throttled();
  if (kind === 'quantise') {
    if (weights === null) throw new Error('The order names no weights.');
    return await quantiseModel({ path, weights, weightsFolder, deviceOf, onProgress });
  }
  const result: ModelTaskResult = await verifyModel({
    ...{ path, name, baseDigest, recordedFiles, onProgress },
    open: async (model) => {
      const device = deviceOf(served);
      const layout = device.weightLayout;
      const options = { model, kind: served, folder: weightsFolder, blockSize: servedBlockSize, layout };
      return await device.createRunner({
        ...{ spec: model.spec, weights: openServingWeights(options), maxRows: 1, kvTokens: 1024 },
        calibration: served === 'fp32' ? undefined : calibrationTexts(model),
      });
    },
  });
  return result;
}

/** Tells each step's beginning, and within it no more than twice a second. */
function throttled(): (step: ModelTaskStep, done: number) => void {
  let last: ModelTaskStep | null = null;
  let toldAt = 0;
  return (step, done) => {
    const now = Date.now();
    if (step === last && now - toldAt < progressMs) return;
    last = step;
    toldAt = now;
    process.send?.({ type: 'progress', step, done } satisfies TaskWord);
  };
}

function sentence(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const full = error instanceof Error && 'code' in error && error.code === 'ENOSPC';
  const told = full ? `The worker's disk is full: free some of it, or move PARAPET_DATA (${message}).` : message;
  return told.slice(0, 2000);
}
