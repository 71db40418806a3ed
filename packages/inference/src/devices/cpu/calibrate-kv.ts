import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelSpec } from '@parapet/models/spec';
import type { OperatorLibrary, Runtime } from '@parapet/runtime';
import { z } from 'zod';
import { type KvFormat, kvScalesOf } from '../../kv/kv-format.ts';
import { KvStore } from '../../kv/kv-store.ts';
import type { ServingWeights } from '../../weights/serving-weights.ts';
import { CpuPrefill } from './cpu-prefill.ts';
import { ModelSessions } from './sessions.ts';

/** Raised when the texts or what is measured change: scales are then measured again. */
const calibrationVersion = 1;

const measuredSchema = z.array(z.object({ key: z.array(z.number()), value: z.array(z.number()) }));

/**
 * Scales for an int8 cache: the model reads `texts` once with a float32 cache, and the largest number of each channel
 * is kept beside the exported weights. Takes some seconds the first time.
 */
export async function calibrateKv(
  runtime: Runtime,
  spec: ModelSpec,
  weights: ServingWeights,
  texts: readonly (readonly number[])[],
  operators: readonly OperatorLibrary[] = [],
): Promise<KvFormat> {
  const path = join(weights.folder, `${weights.fileName.replace(/\.bin$/, '')}-kv${calibrationVersion}.json`);
  if (!existsSync(path)) {
    const largest = await measure(runtime, spec, weights, texts, operators);
    const plain = largest.map(({ key, value }) => ({ key: [...key], value: [...value] }));
    writeFileSync(`${path}.${process.pid}.part`, JSON.stringify(plain));
    renameSync(`${path}.${process.pid}.part`, path);
  }
  const measured = measuredSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  const largest = measured.map(({ key, value }) => ({ key: Float32Array.from(key), value: Float32Array.from(value) }));
  return { type: 'int8', scales: kvScalesOf(spec, largest) };
}

async function measure(
  runtime: Runtime,
  spec: ModelSpec,
  weights: ServingWeights,
  texts: readonly (readonly number[])[],
  operators: readonly OperatorLibrary[],
) {
  const format = { type: 'float32' } as const;
  const sessions = new ModelSessions(runtime, spec, weights, format, spec.layers, { operators });
  const kv = new KvStore(runtime, spec, format, 1, spec.context);
  const width = spec.kvHeads * spec.headDim;
  const largest = Array.from({ length: spec.layers }, () => ({
    key: new Float32Array(width),
    value: new Float32Array(width),
  }));
  const raise = (numbers: Float32Array, found: Float32Array) => {
    for (let i = 0; i < width; i++) numbers[i] = Math.max(numbers[i]!, found[i]!);
  };
  for (const text of texts) {
    const tokens = text.slice(0, spec.context);
    const run = new CpuPrefill(runtime, spec, sessions, kv, 0, tokens, { kind: 'base' });
    await run.advance(spec.layers);
    run.release();
    largest.forEach(({ key, value }, layer) => {
      raise(key, kv.largest(layer, 0, 0, tokens.length));
      raise(value, kv.largest(layer, 1, 0, tokens.length));
    });
  }
  await sessions.release();
  kv.release();
  return largest;
}
