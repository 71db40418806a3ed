import type { DatabaseHandle } from '../client.ts';
import { openTestPglite } from './pglite-template.ts';
import { canStartPostgres, openTestPostgres } from './postgres-cluster.ts';

/** For `describe.each`: a suite that must hold on both; Postgres where it is installed. */
export const databaseKinds: [name: string, open: () => Promise<DatabaseHandle>][] = [
  ['pglite', openTestPglite],
  ...(canStartPostgres()
    ? ([['postgres', () => openTestPostgres()]] as [string, () => Promise<DatabaseHandle>][])
    : []),
];
