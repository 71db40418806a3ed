import { cp, mkdir, readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import { drizzle } from 'drizzle-orm/pglite';
import type { DatabaseConfig, DatabaseHandle, Db } from './client.ts';
import { lockDirectory } from './directory-lock.ts';
import { PgliteClient } from './pglite-client.ts';
import * as schema from './schema/index.ts';

const isEmpty = async (directory: string) => (await readdir(directory).catch(() => [])).length === 0;

/** Opens a PGlite folder, or one in memory. Throws `conflict` when another process holds the folder. */
export async function openPglite(config: Extract<DatabaseConfig, { kind: 'pglite' }>): Promise<DatabaseHandle> {
  const { directory, template } = config;
  let unlock = async () => {};
  if (directory !== null) {
    await mkdir(dirname(directory), { recursive: true });
    unlock = await lockDirectory(directory);
  }
  try {
    if (directory !== null && template !== undefined && (await isEmpty(directory))) {
      await cp(template, directory, { recursive: true });
    }
    const client = new PgliteClient(directory);
    await client.query('select 1');
    return {
      kind: 'pglite',
      db: drizzle(client as unknown as PGlite, { schema }) as unknown as Db,
      query: async <Row>(sql: string, parameters: readonly unknown[] = []) =>
        (await client.query<Row>(sql, [...parameters])).rows,
      script: (sql) => client.exec(sql),
      listen: (channel, onPayload) => client.listen(channel, onPayload),
      close: async () => {
        await client.close();
        await unlock();
      },
    };
  } catch (error) {
    await unlock();
    throw error;
  }
}
