import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type ModelSpec, weightShapes } from './spec.ts';
import type { ModelWeights } from './weights/weights.ts';

/**
 * The base model's identity: SHA-256 over the spec (JSON, keys sorted) and then, in canonical order, every
 * weight's name, format, shape and bytes. The same numbers in another format are another model.
 */
export function modelDigest(spec: ModelSpec, weights: ModelWeights): string {
  const hash = createHash('sha256');
  const sorted = Object.fromEntries(Object.entries(spec).sort(([a], [b]) => (a < b ? -1 : 1)));
  hash.update(`parapet base model 1\n${JSON.stringify(sorted)}\n`);
  for (const name of weightShapes(spec).keys()) {
    const weight = weights.get(name);
    hash.update(`${name} ${weight.format} [${weight.shape}]\n`);
    hash.update(weight.readRaw());
  }
  return hash.digest('hex');
}

const cacheSchema = z.object({
  version: z.literal(1),
  files: z.array(z.object({ name: z.string(), size: z.number(), mtimeMs: z.number() })),
  digest: z.string(),
});

const cacheName = '.parapet-digest.json';

/** `modelDigest`, remembered in the folder for as long as its files keep their sizes and times. */
export function cachedModelDigest(
  dir: string,
  files: readonly string[],
  spec: ModelSpec,
  weights: ModelWeights,
): string {
  const path = join(dir, cacheName);
  const now = files.map((name) => {
    const { size, mtimeMs } = statSync(join(dir, name));
    return { name, size, mtimeMs };
  });
  try {
    const cached = cacheSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
    if (JSON.stringify(cached.files) === JSON.stringify(now)) return cached.digest;
  } catch {
    // absent or unreadable: compute it
  }
  const digest = modelDigest(spec, weights);
  try {
    writeFileSync(path, JSON.stringify({ version: 1, files: now, digest } satisfies z.infer<typeof cacheSchema>));
  } catch {
    // a read-only folder: computed again next time
  }
  return digest;
}
