import { ParapetError } from '@parapet/contracts/errors';
import { type WebhookDeliveryView, type WebhookView, webhookEventSchema } from '@parapet/contracts/portal/webhooks';
import { webhookDeliveries, webhooks } from '@parapet/db/schema';
import type { TenantTx } from '@parapet/db/tenant';
import { and, desc, eq, type SQL } from 'drizzle-orm';

export const deliveryView = (row: typeof webhookDeliveries.$inferSelect): WebhookDeliveryView => ({
  id: row.id,
  webhookId: row.webhookId,
  event: row.event,
  status: row.status,
  attempts: row.attempts,
  responseStatus: row.responseStatus,
  error: row.lastError,
  createdAt: row.createdAt.getTime(),
  nextAttemptAt: row.status === 'pending' ? (row.nextAttemptAt?.getTime() ?? null) : null,
  deliveredAt: row.deliveredAt?.getTime() ?? null,
});

/** The tenant's webhooks, newest first, each with its last delivery; never their secrets. */
export async function selectWebhooks(tx: TenantTx, where?: SQL): Promise<WebhookView[]> {
  const rows = await tx
    .select()
    .from(webhooks)
    .where(and(eq(webhooks.orgId, tx.tenantId), where))
    .orderBy(desc(webhooks.id));
  const last = await tx
    .selectDistinctOn([webhookDeliveries.webhookId])
    .from(webhookDeliveries)
    .where(eq(webhookDeliveries.orgId, tx.tenantId))
    .orderBy(webhookDeliveries.webhookId, desc(webhookDeliveries.id));
  return rows.map((row) => {
    const delivery = last.find(({ webhookId }) => webhookId === row.id);
    return {
      id: row.id,
      url: row.url,
      events: webhookEventSchema.options.filter((event) => row.events.includes(event)),
      enabled: row.enabled,
      createdAt: row.createdAt.getTime(),
      lastDelivery: delivery
        ? { at: (delivery.deliveredAt ?? delivery.createdAt).getTime(), status: delivery.status }
        : null,
    };
  });
}

/** @throws ParapetError `not_found` */
export async function requireWebhook(tx: TenantTx, id: string): Promise<WebhookView> {
  const [view] = await selectWebhooks(tx, eq(webhooks.id, id));
  if (!view) throw new ParapetError('not_found', `No such webhook: ${id.slice(0, 64)}.`);
  return view;
}
