import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';
import { openPglite } from './pglite.ts';
import { openPostgres } from './postgres.ts';
import type * as schema from './schema/index.ts';

/** Drizzle over either kind of database, and over a transaction of it. */
export type Db = PgDatabase<PgQueryResultHKT, typeof schema>;

export type DatabaseConfig =
  | {
      kind: 'pglite';
      /** Folder of the data; null = in memory. */
      directory: string | null;
      /** A migrated folder to begin from where `directory` is empty: a first start in 1 s instead of 6. */
      template?: string;
    }
  | {
      kind: 'postgres';
      url: string;
      /** Connections of this process; 10 unless told. */
      poolSize?: number;
      statementTimeoutMs?: number;
      /** Longest wait for a connection, 5 s unless told; then `engine_unavailable`. */
      connectTimeoutMs?: number;
    };

/** An open database. One a process; close it last. */
export type DatabaseHandle = {
  readonly kind: 'pglite' | 'postgres';
  readonly db: Db;
  /** One statement by the raw driver, prepared once a connection; bigints come as numbers. For hot paths. */
  query<Row>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
  /** Several statements without parameters; what migrations need. */
  script(sql: string): Promise<void>;
  /** Calls back at every `notify` on the channel, until the returned function is called. */
  listen(channel: string, onPayload: (payload: string) => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
};

/**
 * Opens the embedded database (PGlite, one process at a time: a lock file holds others off) or a pool of
 * Postgres ≥ 15 connections. Does not migrate.
 */
export function openDatabase(config: DatabaseConfig): Promise<DatabaseHandle> {
  return config.kind === 'pglite' ? openPglite(config) : openPostgres(config);
}
