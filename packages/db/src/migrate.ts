import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import { migrate as migratePostgres } from 'drizzle-orm/node-postgres/migrator';
import type { PgliteDatabase } from 'drizzle-orm/pglite';
import { migrate as migratePglite } from 'drizzle-orm/pglite/migrator';
import type { DatabaseHandle } from './client.ts';

const migrationsFolder = fileURLToPath(new URL('../migrations', import.meta.url));
const functionsFolder = fileURLToPath(new URL('../functions', import.meta.url));

const sqlFiles = (folder: string) =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => readFileSync(`${folder}/${file}`, 'utf8'));

/** Names the set of migrations and functions: what a database or a template was made from. */
export function schemaDigest(): string {
  const hash = createHash('sha256');
  for (const text of [...sqlFiles(migrationsFolder), ...sqlFiles(functionsFolder)]) hash.update(text).update('\0');
  return hash.digest('hex');
}

/**
 * Brings the database to the newest schema: the migrations it lacks, the functions as they are now, and row-level
 * security on every table. Does nothing where it is all there. Several processes may call it at once: one does the
 * work, the others wait.
 */
export async function migrate(handle: DatabaseHandle): Promise<void> {
  if (await isCurrent(handle)) return;
  if (handle.kind === 'pglite') {
    await migratePglite(handle.db as unknown as PgliteDatabase, { migrationsFolder });
    await layDownFunctions(handle);
    return;
  }
  await handle.db.transaction(async (tx) => {
    await tx.execute('select pg_advisory_xact_lock(7020815)');
    // On other connections of the pool; this one holds the lock.
    if (await isCurrent(handle)) return;
    await migratePostgres(handle.db as unknown as NodePgDatabase, { migrationsFolder });
    await layDownFunctions(handle);
  });
}

async function isCurrent(handle: DatabaseHandle): Promise<boolean> {
  const [table] = await handle.query<{ there: boolean }>(
    "select to_regclass('public.platform_settings') is not null as there",
  );
  if (!table?.there) return false;
  const [row] = await handle.query<{ value: string }>(
    "select value from platform_settings where key = 'schema_digest'",
  );
  return row?.value === schemaDigest();
}

async function layDownFunctions(handle: DatabaseHandle): Promise<void> {
  const remember = `insert into platform_settings (key, value) values ('schema_digest', '"${schemaDigest()}"')
    on conflict (key) do update set value = excluded.value, updated_at = now()`;
  await handle.script(
    ['begin', ...sqlFiles(functionsFolder), 'select parapet_raise_walls()', remember, 'commit'].join(';\n'),
  );
}
