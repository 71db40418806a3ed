import { cp, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseHandle } from '../client.ts';
import { openDatabase } from '../client.ts';
import { migrate, schemaDigest } from '../migrate.ts';

const cache = join(tmpdir(), 'parapet-test-databases');

const exists = async (path: string) => (await readdir(path).catch(() => [])).length > 0;

/**
 * A migrated PGlite folder, made once for a set of migrations and shared by every test process on the machine;
 * whoever comes first makes it beside and renames it into place.
 */
export async function pgliteTemplate(directory: string = cache): Promise<string> {
  const path = join(directory, schemaDigest().slice(0, 16));
  if (await exists(path)) return path;
  await mkdir(directory, { recursive: true });
  await removeOld(directory);
  const building = await mkdtemp(join(directory, 'building-'));
  const handle = await openDatabase({ kind: 'pglite', directory: join(building, 'data') });
  try {
    await migrate(handle);
  } finally {
    await handle.close();
  }
  await rename(join(building, 'data'), path).catch(async (error: unknown) => {
    if (!(await exists(path))) throw error;
  });
  await rm(building, { recursive: true, force: true });
  return path;
}

/** Templates of older migrations, a day after they were made. */
async function removeOld(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const made = (await stat(join(directory, name)).catch(() => null))?.birthtimeMs ?? Date.now();
    if (Date.now() - made > 86_400_000) await rm(join(directory, name), { recursive: true, force: true });
  }
}

/** A copy of the template, removed at close. */
export async function openTestPglite(): Promise<DatabaseHandle> {
  const template = await pgliteTemplate();
  const home = await mkdtemp(join(tmpdir(), 'parapet-db-'));
  await cp(template, join(home, 'data'), { recursive: true });
  const handle = await openDatabase({ kind: 'pglite', directory: join(home, 'data') });
  return {
    ...handle,
    close: async () => {
      await handle.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}
