import { newId } from '@parapet/contracts/ids';
import type { QuotaLimits } from '@parapet/contracts/quota';
import { plans } from '@parapet/db/schema';
import { asPlatform } from '@parapet/db/tenant';
import { eq, sql } from 'drizzle-orm';
import type { ControlServices } from './context.ts';

/** What one machine can carry for one tenant without the others noticing; admins change it. */
const standardLimits: QuotaLimits = {
  gpuSecondsPerMonth: 360_000,
  requestsPerMinute: 3_000,
  tokensPerMinute: 2_000_000,
  concurrentRequests: 128,
  concurrentJobs: 2,
  datasetBytes: 5 * 1024 ** 3,
  adapterBytes: 5 * 1024 ** 3,
  adapters: 200,
};

/** What an empty database needs before anyone can sign up. Safe to call at every start. */
export async function prepareDatabase(services: ControlServices): Promise<void> {
  await asPlatform(services.database.db, async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('bootstrap', 0))`);
    const [plan] = await tx.select({ id: plans.id }).from(plans).where(eq(plans.isDefault, true));
    if (plan) return;
    await tx.insert(plans).values({ id: newId('plan'), name: 'Standard', limits: standardLimits, isDefault: true });
  });
}
