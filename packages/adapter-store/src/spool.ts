import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, opendir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ParapetError } from '@parapet/contracts/errors';
import type { Digest } from '@parapet/contracts/ids';
import type { BlobContent, WriteOptions } from './blobs.ts';

export type Spooled = { path: string; digest: Digest; bytes: number };

const full = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** A full disk in words; any other error as it was. */
export function toStorageError(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code ?? '';
  if (!full.has(code)) return error;
  const message =
    'The store is full: nothing was saved. Free space on its disk (or delete unused data), then try again.';
  return new ParapetError('engine_unavailable', message, { cause: error, subcode: 'storage_full' });
}

function iterate(content: BlobContent): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  return content instanceof Uint8Array ? [content] : content;
}

/**
 * Streams content to a new file in `directory`, hashing on the way; synced to the disk when it returns. On any
 * failure the file is gone.
 */
export async function spool(directory: string, content: BlobContent, options: WriteOptions = {}): Promise<Spooled> {
  const { maxBytes = Number.POSITIVE_INFINITY, expected, signal } = options;
  const path = join(directory, randomUUID());
  try {
    await mkdir(directory, { recursive: true });
    const file = await open(path, 'wx', 0o600);
    const hash = createHash('sha256');
    let bytes = 0;
    try {
      for await (const chunk of iterate(content)) {
        signal?.throwIfAborted();
        bytes += chunk.length;
        if (bytes > maxBytes) {
          throw new ParapetError('payload_too_large', `The content is larger than the ${maxBytes} bytes allowed.`);
        }
        hash.update(chunk);
        await file.writeFile(chunk);
      }
      signal?.throwIfAborted();
      await file.sync();
    } finally {
      await file.close();
    }
    const digest = hash.digest('hex');
    if (expected !== undefined && digest !== expected) {
      throw new ParapetError('unprocessable', `The content’s SHA-256 is ${digest}, not ${expected}. Send it again.`);
    }
    return { path, digest, bytes };
  } catch (error) {
    await rm(path, { force: true });
    throw toStorageError(error);
  }
}

/** Removes the files of `directory` last written before `before`; answers how many. */
export async function removeOlder(directory: string, before: Date): Promise<number> {
  const entries = await opendir(directory).catch(() => null);
  if (entries === null) return 0;
  let removed = 0;
  for await (const entry of entries) {
    const path = join(directory, entry.name);
    const there = await stat(path).catch(() => null);
    if (there === null || there.mtime >= before) continue;
    await rm(path, { force: true });
    removed++;
  }
  return removed;
}
