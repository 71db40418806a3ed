import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ParapetError } from '@parapet/contracts/errors';
import { stepMetricsSchema } from '@parapet/contracts/recipe';
import { decodeSafetensors, encodeSafetensors, type SafetensorsTensor } from '@parapet/models/safetensors';
import { z } from 'zod';

/** All that a run is between two optimiser steps, beside its numbers. The data's order is a function of seed and step. */
const progressSchema = z.strictObject({
  version: z.literal(1),
  /** Digest of base model, recipe and data: a state goes on only with what it came from. */
  runDigest: z.string(),
  /** Optimiser steps done; also the position in the data and, with the seed, in every random sequence. */
  step: z.int().min(0),
  trainedTokens: z.int().min(0),
  /** Validations so far without improvement. */
  staleValidations: z.int().min(0),
  /** The best validation so far; null before the first. */
  best: z.strictObject({ step: z.int(), validLoss: z.number() }).nullable(),
  metrics: stepMetricsSchema.nullable(),
});
export type Progress = z.infer<typeof progressSchema>;

export interface TrainingState {
  progress: Progress;
  theta: Float32Array;
  m: Float32Array;
  v: Float32Array;
  /** θ at the best validation; null when there was none. */
  best: Float32Array | null;
}

const numbers = ['theta', 'm', 'v', 'best'] as const;

/**
 * Writes the state as one safetensors file: beside the old one, synced, then renamed over it, so that a killed
 * process leaves either the old state or the new. The same state gives the same bytes.
 *
 * @returns SHA-256 of the file
 */
export async function writeCheckpoint(path: string, state: TrainingState): Promise<string> {
  const tensors = new Map<string, SafetensorsTensor>();
  for (const name of numbers) {
    const data = state[name];
    if (data)
      tensors.set(name, {
        dtype: 'F32',
        shape: [data.length],
        data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      });
  }
  const progress = JSON.stringify(state.progress);
  const bytes = encodeSafetensors(tensors, { progress, content: contentDigest(progress, state) });
  await writeAtomically(path, bytes);
  return createHash('sha256').update(bytes).digest('hex');
}

/** @throws ParapetError `unprocessable` when the file is damaged or of another run */
export async function readCheckpoint(path: string, runDigest: string): Promise<TrainingState> {
  const refuse = (why: string, cause?: unknown) =>
    new ParapetError('unprocessable', `The checkpoint ${path} can't be resumed: ${why}.`, { cause });
  let state: TrainingState;
  let content: string | undefined;
  try {
    const { tensors, metadata } = decodeSafetensors(await readFile(path));
    const progress = progressSchema.parse(JSON.parse(metadata.progress ?? ''));
    const read = (name: string) => new Float32Array(tensors.get(name)!.data.slice().buffer);
    state = {
      progress,
      theta: read('theta'),
      m: read('m'),
      v: read('v'),
      best: tensors.has('best') ? read('best') : null,
    };
    content = metadata.content;
  } catch (cause) {
    throw refuse('it is no training state of this version', cause);
  }
  if (content !== contentDigest(JSON.stringify(state.progress), state)) throw refuse('its bytes are damaged');
  if (state.progress.runDigest !== runDigest) {
    throw refuse('it belongs to another recipe, data set or base model');
  }
  return state;
}

function contentDigest(progress: string, state: TrainingState): string {
  const hash = createHash('sha256').update(progress);
  for (const name of numbers) {
    const data = state[name];
    if (data) hash.update(name).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}

/** The whole file or none of it, whatever happens meanwhile. */
export async function writeAtomically(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const partial = `${path}.partial`;
  const handle = await open(partial, 'w');
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
  }
}
