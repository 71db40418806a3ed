import { existsSync } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BaseModel } from '@parapet/models/open';
import { type ModelSpec, type WeightName, weightShapes } from '@parapet/models/spec';
import type { ExternalLocation } from '@parapet/onnx-graph/graph';

/** Raised when the file's layout changes: an older file is made again. */
const layoutVersion = 1;
/** Page multiples, so that a weight can be mapped where it lies. */
const alignment = 4096;

/** A frozen weight in the training file: float32; linears `[in, out]`, embedding and head `[vocab, width]`. */
export interface PlacedWeight extends ExternalLocation {
  shape: readonly number[];
}

/** The base model's weights as training graphs name them, in one file that sessions map. */
export interface BaseWeights {
  folder: string;
  file: string;
  placed: ReadonlyMap<WeightName, PlacedWeight>;
}

const isLinear = (name: WeightName): boolean => /\.(q|k|v|o|gate|up|down)$/.test(name);

/** Where each weight lies in the file: settled by the model's spec alone. */
export function placeWeights(spec: ModelSpec, file: string): Map<WeightName, PlacedWeight> {
  const placed = new Map<WeightName, PlacedWeight>();
  let offset = 0;
  for (const [name, stored] of weightShapes(spec)) {
    const shape = isLinear(name) ? stored.toReversed() : stored;
    const length = shape.reduce((n, dim) => n * dim, 4);
    placed.set(name, { file, offset, length, shape });
    offset = Math.ceil((offset + length) / alignment) * alignment;
  }
  return placed;
}

/**
 * The weights' file for a base model, from the folder when it is there, else written (a few seconds, and the
 * model's size in float32 on disk). Two processes may write at once: each to a file of its own, renamed at the end.
 */
export async function openBaseWeights(
  model: Pick<BaseModel, 'spec' | 'digest' | 'weights'>,
  folder: string,
): Promise<BaseWeights> {
  const file = `${model.digest.slice(0, 32)}-train-fp32-v${layoutVersion}.bin`;
  const placed = placeWeights(model.spec, file);
  const path = join(folder, file);
  const last = [...placed.values()].at(-1)!;
  if (!existsSync(path) || (await stat(path)).size !== last.offset + last.length) {
    await mkdir(folder, { recursive: true });
    const partial = `${path}.${process.pid}.partial`;
    try {
      await writeWeights(model.weights, placed, partial);
      await rename(partial, path);
    } finally {
      await rm(partial, { force: true });
    }
  }
  return { folder, file, placed };
}

async function writeWeights(
  weights: BaseModel['weights'],
  placed: ReadonlyMap<WeightName, PlacedWeight>,
  path: string,
): Promise<void> {
  const handle = await open(path, 'w');
  try {
    for (const [name, { offset }] of placed) {
      const weight = weights.get(name);
      const data = isLinear(name) ? weight.readTransposed() : weight.readFloat32();
      await handle.write(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 0, data.byteLength, offset);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}
