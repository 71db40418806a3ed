import type { QuotaView } from '@parapet/contracts/portal/quota';
import type { Tx } from '@parapet/db/tenant';
import { effectiveLimits, quotaLines } from '@parapet/metering/quota';

/** An organisation's limits beside their use, as customer and administrator both see them. */
export async function quotaView(tx: Tx, orgId: string, now: Date): Promise<QuotaView> {
  const { plan, suspended } = await effectiveLimits(tx, orgId);
  return { plan, suspended, lines: await quotaLines(tx, orgId, now) };
}
