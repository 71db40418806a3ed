import type { Digest } from '@parapet/contracts/ids';
import type { DatabaseHandle } from '@parapet/db/client';
import type { BlobInfo, BlobStore } from './blobs.ts';

export type Collection = { removed: number; bytes: number; orphans: number };

const unreferenced = 'not exists (select 1 from blob_references r where r.digest = b.digest)';

/**
 * Mark and sweep: removes blobs nothing refers to that were touched longer than `graceMs` ago, then stored content
 * the database knows nothing of (an upload whose process died before it was referred to) and unfinished uploads, with
 * the same grace.
 * Safe beside running gateways; at most `limit` of each a call.
 */
export async function collectGarbage(
  { handle, store }: { handle: DatabaseHandle; store: BlobStore },
  { graceMs, now = Date.now(), limit = 1000 }: { graceMs: number; now?: number; limit?: number },
): Promise<Collection> {
  const before = new Date(now - graceMs);
  const result: Collection = { removed: 0, bytes: 0, orphans: 0 };
  const candidates = await handle.query<{ digest: string; bytes: number }>(
    `select digest, bytes from blobs b where touched_at < $1 and ${unreferenced} order by touched_at limit $2::int`,
    [before, limit],
  );
  for (const { digest, bytes } of candidates) {
    if (!(await forget(handle, digest, before))) continue;
    if (await store.delete(digest, before)) {
      result.removed++;
      result.bytes += bytes;
    }
  }
  await store.removeStale(before);
  let batch: BlobInfo[] = [];
  const sweep = async () => {
    for (const blob of await unknownOf(handle, batch)) {
      if (result.orphans >= limit || !(await store.delete(blob.digest, before))) continue;
      result.orphans++;
      result.bytes += blob.bytes;
    }
    batch = [];
  };
  for await (const blob of store.list()) {
    if (result.orphans >= limit) break;
    if (blob.modifiedAt < before) batch.push(blob);
    if (batch.length === 500) await sweep();
  }
  await sweep();
  return result;
}

async function unknownOf(handle: DatabaseHandle, stored: readonly BlobInfo[]): Promise<BlobInfo[]> {
  if (stored.length === 0) return [];
  const digests = stored.map((blob) => blob.digest);
  const rows = await handle.query<{ digest: string }>('select digest from blobs where digest = any($1::text[])', [
    digests,
  ]);
  const known = new Set(rows.map((row) => row.digest));
  return stored.filter((blob) => !known.has(blob.digest));
}

/**
 * Erases a blob its last owner has just let go: a customer who deletes data expects it gone, not collected later.
 * False when another owner still refers to it, or when the same content came in within `settleMs` and may be about
 * to be referred to; the collector sees to that one.
 */
export async function eraseBlob(
  { handle, store }: { handle: DatabaseHandle; store: BlobStore },
  digest: Digest,
  settleMs = 60_000,
): Promise<boolean> {
  const before = new Date(Date.now() - settleMs);
  const there = await store.stat(digest);
  if (there !== null && there.modifiedAt >= before) return false;
  if (!(await forget(handle, digest, before))) return false;
  return store.delete(digest, before);
}

/** Removes the row unless someone refers to the blob; a reference made at the same moment makes the delete fail. */
async function forget(handle: DatabaseHandle, digest: string, before: Date): Promise<boolean> {
  const foreignKeyViolation = '23503';
  try {
    const rows = await handle.query(
      `delete from blobs b where b.digest = $1 and b.touched_at < $2 and ${unreferenced} returning digest`,
      [digest, before],
    );
    return rows.length > 0;
  } catch (error) {
    if ((error as { code?: string }).code === foreignKeyViolation) return false;
    throw error;
  }
}
