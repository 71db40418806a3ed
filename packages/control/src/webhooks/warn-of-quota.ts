import { webhookDeliveries, webhooks } from '@parapet/db/schema';
import { asPlatform } from '@parapet/db/tenant';
import { monthOf, quotaLines } from '@parapet/metering/quota';
import { and, arrayContains, eq, sql } from 'drizzle-orm';
import type { ControlServices } from '../context.ts';
import { enqueueWebhooks } from './enqueue.ts';

/** Tells organisations that want to know when 80% and 100% of the month's GPU quota are used; once each a month. */
export async function warnOfQuota(services: ControlServices): Promise<void> {
  const now = services.now();
  await asPlatform(services.database.db, async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('quota warnings', 0))`);
    const orgs = await tx
      .selectDistinct({ orgId: webhooks.orgId })
      .from(webhooks)
      .where(and(eq(webhooks.enabled, true), arrayContains(webhooks.events, ['quota.warning'])));
    for (const { orgId } of orgs) {
      const line = (await quotaLines(tx, orgId, now)).find(({ name }) => name === 'gpuSecondsPerMonth');
      if (!line || line.state === 'ok') continue;
      const data = { quota: line.name, state: line.state, used: line.used, limit: line.limit, period: monthOf(now) };
      const told = and(
        eq(webhookDeliveries.orgId, orgId),
        eq(webhookDeliveries.event, 'quota.warning'),
        sql`${webhookDeliveries.payload}->'data' @> ${JSON.stringify({ state: data.state, period: data.period })}::jsonb`,
      );
      if ((await tx.$count(webhookDeliveries, told)) === 0)
        await enqueueWebhooks(tx, orgId, 'quota.warning', data, now);
    }
  });
}
