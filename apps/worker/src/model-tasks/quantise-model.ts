import { rmSync, statSync } from 'node:fs';
import { mkdtemp, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelTaskStep, QuantisedWeights, QuantiseResult } from '@parapet/contracts/model-task';
import { agreementOf, perplexityOf, predict } from '@parapet/inference/agreement';
import { calibrationTexts } from '@parapet/inference/calibration';
import type { Device } from '@parapet/inference/device';
import { openServingWeights, type ServingWeights, servedBlockSize, type WeightKind } from '@parapet/inference/weights';
import { openModel } from '@parapet/models/open';
import { modelParameters } from '@parapet/models/spec';
import { passageTexts } from './passages.ts';

/** How the folders begin that a measurement throws away again. */
export const measurePrefix = 'measure-';
/** Tokens of cache that a measurement has. */
const kvTokens = 1024;

export interface QuantiseOptions {
  path: string;
  weights: QuantisedWeights;
  /** Where workers keep their exports: the quantised one stays there. */
  weightsFolder: string;
  /** The device that weights of a kind are served on here. */
  deviceOf: (kind: WeightKind) => Device;
  onProgress: (step: ModelTaskStep, done: number) => void;
}

/**
 * Makes a model's quantised weights ahead of their first use, and measures how often they find the same next token
 * likeliest as 32 bits do. The 32-bit weights for that are thrown away again.
 * @throws Error when the file has no such weights in it, or the disk has no room
 */
export async function quantiseModel(options: QuantiseOptions): Promise<QuantiseResult> {
  const { path, weights: kind, weightsFolder, deviceOf, onProgress } = options;
  const startedAt = performance.now();
  const model = await openModel(path);
  const scratch = await mkdtemp(join(weightsFolder, measurePrefix));
  try {
    const fp32Estimate = modelParameters(model.spec) * 4 + model.spec.vocab * model.spec.width * 4;
    await requireRoom(weightsFolder, Math.round(fp32Estimate * 1.5));
    const exported = (kind: WeightKind, folder: string) => {
      const { weightLayout: layout } = deviceOf(kind);
      return openServingWeights({ model, kind, folder, blockSize: servedBlockSize, layout });
    };
    const texts = passageTexts(model);
    const read = async (weights: ServingWeights, step: ModelTaskStep) => {
      onProgress(step, 0);
      const calibration = weights.kind === 'fp32' ? undefined : calibrationTexts(model);
      const options = { spec: model.spec, weights, maxRows: 1, kvTokens, calibration };
      const runner = await deviceOf(weights.kind).createRunner(options);
      const found = await predict(runner, texts, (done) => onProgress(step, done));
      await runner.close(); // one of the two at a time in memory
      return found;
    };
    onProgress('export', 0);
    const quantised = exported(kind, weightsFolder); // first, for a file may be refused
    const fp32 = exported('fp32', scratch);
    const expected = await read(fp32, 'reference');
    const found = await read(quantised, 'compare');
    return {
      kind: 'quantise',
      weights: kind,
      bytes: statSync(quantised.path).size,
      fp32Bytes: statSync(fp32.path).size,
      positions: expected.best.length,
      agreement: agreementOf(expected, found),
      perplexity: perplexityOf(found),
      fp32Perplexity: perplexityOf(expected),
      ms: Math.round(performance.now() - startedAt),
    };
  } finally {
    model.weights.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function requireRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= bytes) return;
  const mb = (size: number) => `${Math.ceil(size / 1e6)} MB`;
  throw new Error(
    `The disk of ${folder} has ${mb(bavail * bsize)} free and ${mb(bytes)} are needed for the measurement: free some, or move PARAPET_DATA.`,
  );
}
