import { asTenantId, newId, type TenantId } from '@parapet/contracts/ids';
import type { QuotaLimits } from '@parapet/contracts/quota';
import type { DatabaseHandle, Db } from '../client.ts';
import { organisations, plans } from '../schema/index.ts';
import { testEnv } from './env.ts';
import { openTestPglite } from './pglite-template.ts';
import { openTestPostgres } from './postgres-cluster.ts';

/**
 * A migrated, empty database of its own for a test: PGlite from a cached template (about half a second), or a
 * fresh database of a real Postgres where PARAPET_TEST_POSTGRES is set (`1` = a cluster the tests start
 * themselves, or a URL that may create databases). Close it in `afterAll`.
 */
export function testDatabase(): Promise<DatabaseHandle> {
  return testEnv.postgres === null ? openTestPglite() : openTestPostgres(testEnv.postgres);
}

export { databaseKinds } from './kinds.ts';
export { openTestPglite, pgliteTemplate } from './pglite-template.ts';
export { canStartPostgres, openTestPostgres, openTestPostgresUrl } from './postgres-cluster.ts';

export const unlimited: QuotaLimits = {
  gpuSecondsPerMonth: null,
  requestsPerMinute: null,
  tokensPerMinute: null,
  concurrentRequests: null,
  concurrentJobs: null,
  datasetBytes: null,
  adapterBytes: null,
  adapters: null,
};

/** An active organisation on a plan of its own with these limits (none unless told). */
export async function createTestTenant(db: Db, limits: Partial<QuotaLimits> = {}): Promise<TenantId> {
  const id = newId('organisation');
  const planId = newId('plan');
  await db.insert(plans).values({ id: planId, name: planId, limits: { ...unlimited, ...limits } });
  await db
    .insert(organisations)
    .values({ id, slug: id.slice(4).toLowerCase(), name: `Tenant ${id.slice(-4)}`, planId });
  return asTenantId(id);
}
