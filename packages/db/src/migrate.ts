import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import { migrate as migratePostgres } from 'drizzle-orm/node-postgres/migrator';
import type { PgliteDatabase } from 'drizzle-orm/pglite';
import { migrate as migratePglite } from 'drizzle-orm/pglite/migrator';
import type { DatabaseHandle } from './client.ts';

const folder = fileURLToPath(new URL('../migrations', import.meta.url));

/** Names the set of migrations: what a template folder was made from. */
export function migrationsDigest(): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .sort()) {
    hash.update(name).update(readFileSync(`${folder}/${name}`));
  }
  return hash.digest('hex');
}

/**
 * Brings the database to the newest schema, then raises row-level security on every table that has an `org_id`.
 * Several processes may call it at once: one does the work, the others wait.
 */
export async function migrate(handle: DatabaseHandle): Promise<void> {
  const run = async () => {
    const config = { migrationsFolder: folder };
    if (handle.kind === 'pglite') await migratePglite(handle.db as unknown as PgliteDatabase, config);
    else await migratePostgres(handle.db as unknown as NodePgDatabase, config);
    await handle.query('select parapet_raise_walls()');
  };
  if (handle.kind === 'pglite') return run();
  await handle.db.transaction(async (tx) => {
    await tx.execute('select pg_advisory_xact_lock(7020815)');
    // On other connections of the pool; this one holds the lock.
    await run();
  });
}
