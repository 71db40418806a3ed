import type { DatabaseHandle } from '@parapet/db/client';
import { GroupCommit } from './group-commit.ts';

/**
 * Admissions and settlements commit without waiting for the disk. A flush is a transaction that does wait, and the
 * log is written in order: what was committed before it is then on the disk too. Callers share one.
 */
export function createFlush(handle: DatabaseHandle): () => Promise<void> {
  // PGlite's commits are not lazy.
  if (handle.kind === 'pglite') return async () => {};
  const flushes = new GroupCommit<null, null>(
    async (inputs) => {
      await handle.query("select pg_logical_emit_message(true, 'parapet', '')");
      return inputs;
    },
    { maxBatch: 50_000, lanes: 1, maxWaiting: 50_000 },
  );
  return async () => {
    await flushes.add(null);
  };
}
