import { createHash } from 'node:crypto';
import { ParapetError } from '@parapet/contracts/errors';
import { drizzle } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import type { DatabaseConfig, DatabaseHandle, Db } from './client.ts';
import * as schema from './schema/index.ts';

const int8 = 20;
const oldest = 150_000;

function readInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new ParapetError('internal', `A count of ${text} is beyond 2^53.`);
  return value;
}

const types = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === int8 && format !== 'binary' ? readInt8 : pg.types.getTypeParser(oid, format ?? 'text'),
} as pg.CustomTypesConfig;

const reason = (error: unknown) => {
  const { message, code } = error as { message?: string; code?: string };
  return message || code || 'no reason given';
};

/** Opens a pool and checks that the server answers and is Postgres 15 or newer. */
export async function openPostgres(config: Extract<DatabaseConfig, { kind: 'postgres' }>): Promise<DatabaseHandle> {
  const pool = new pg.Pool({
    connectionString: config.url,
    max: config.poolSize ?? 10,
    types,
    // A pool that is full or a server that is gone gets an answer, not a queue without end.
    connectionTimeoutMillis: config.connectTimeoutMs ?? 5_000,
    statement_timeout: config.statementTimeoutMs ?? 60_000,
    application_name: 'parapet',
  });
  // A connection that breaks while idle is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => {});
  try {
    const { rows } = await pool.query<{ server_version_num: string }>('show server_version_num');
    const version = Number(rows[0]?.server_version_num);
    if (version < oldest) {
      throw new ParapetError(
        'invalid_request',
        `Postgres ${Math.floor(version / 10_000)} is too old: 15 is the oldest that works.`,
      );
    }
  } catch (error) {
    await pool.end();
    if (error instanceof ParapetError) throw error;
    const { host, port } = new URL(config.url);
    const where = host === '' ? 'its socket' : host + (port === '' ? ':5432' : '');
    throw new ParapetError(
      'engine_unavailable',
      `The database at ${where} does not answer: ${reason(error)}. Check DATABASE_URL.`,
      { cause: error },
    );
  }
  const names = new Map<string, string>();
  const nameOf = (sql: string) => {
    let name = names.get(sql);
    if (name === undefined) {
      name = createHash('sha256').update(sql).digest('hex').slice(0, 24);
      if (names.size < 200) names.set(sql, name);
    }
    return name;
  };
  return {
    kind: 'postgres',
    db: drizzle(pool, { schema }) as unknown as Db,
    query: async <Row>(sql: string, parameters: readonly unknown[] = []) => {
      const client = await pool.connect().catch((error: unknown) => {
        const message = 'The database does not answer. Try again in a moment.';
        throw new ParapetError('engine_unavailable', message, { cause: error, retryAfterMs: 1000 });
      });
      try {
        const result = await client.query({ name: nameOf(sql), text: sql, values: [...parameters] });
        client.release();
        return result.rows as Row[];
      } catch (error) {
        // A refused statement leaves the connection good; one that broke has no code of Postgres'.
        client.release((error as { code?: string }).code === undefined);
        throw error;
      }
    },
    script: async (sql) => {
      await pool.query(sql);
    },
    listen: async (channel, onPayload) => {
      const client = await pool.connect();
      client.on('notification', (message) => {
        if (message.channel === channel) onPayload(message.payload ?? '');
      });
      await client.query(`listen ${pg.escapeIdentifier(channel)}`);
      return async () => client.release(true);
    },
    close: () => pool.end(),
  };
}
