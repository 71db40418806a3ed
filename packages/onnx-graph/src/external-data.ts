import { open } from 'node:fs/promises';
import { bytesOf, type TypedArray } from './dtype.ts';
import { rawBytes } from './encode.ts';
import type { ExternalLocation, Graph, Value } from './graph.ts';

/** Offsets are multiples of a page, so that the runtime can map each weight where it lies. */
export const externalAlignment = 4096;

/** Gives every in-memory initializer of at least `minBytes` its place in one file, in the graph's order. */
export function planExternalData(g: Graph, file: string, minBytes = 4096): Map<Value, ExternalLocation> {
  const plan = new Map<Value, ExternalLocation>();
  let offset = 0;
  for (const { value, dtype, shape, data } of g.initializers.values()) {
    const length = shape.reduce((n, dim) => n * dim, 1) * bytesOf[dtype];
    if ('file' in data || length < minBytes) continue;
    plan.set(value, { file, offset, length });
    offset = Math.ceil((offset + length) / externalAlignment) * externalAlignment;
  }
  return plan;
}

/** Writes what `planExternalData` planned to `path`. */
export async function writeExternalData(
  path: string,
  g: Graph,
  plan: ReadonlyMap<Value, ExternalLocation>,
): Promise<void> {
  const file = await open(path, 'w');
  try {
    for (const [value, { offset }] of plan) {
      const bytes = rawBytes(g.initializers.get(value)!.data as TypedArray);
      await file.write(bytes, 0, bytes.byteLength, offset);
    }
  } finally {
    await file.close();
  }
}
