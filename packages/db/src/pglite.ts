import { cp, mkdir, readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { ParapetError } from '@parapet/contracts/errors';
import { drizzle } from 'drizzle-orm/pglite';
import type { DatabaseConfig, DatabaseHandle, Db } from './client.ts';
import { lockDirectory } from './directory-lock.ts';
import * as schema from './schema/index.ts';

const int8 = 20;

/** int8 as a number: exact for every quantity of the schema (see schema/columns.ts), else it says so. */
function readInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new ParapetError('internal', `A count of ${text} is beyond 2^53.`);
  return value;
}

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
    const client = await PGlite.create({
      ...(directory === null ? {} : { dataDir: directory }),
      parsers: { [int8]: readInt8 },
    });
    return {
      kind: 'pglite',
      db: drizzle(client, { schema }) as unknown as Db,
      query: async <Row>(sql: string, parameters: readonly unknown[] = []) =>
        (await client.query<Row>(sql, [...parameters])).rows,
      script: async (sql) => {
        await client.exec(sql);
      },
      listen: (channel, onPayload) => client.listen(channel, onPayload),
      close: async () => {
        if (!client.closed) await client.close();
        await unlock();
      },
    };
  } catch (error) {
    await unlock();
    throw error;
  }
}
