import type { Page } from '@parapet/contracts/portal/common';
import { listDeliveriesInputSchema, type WebhookDeliveryView } from '@parapet/contracts/portal/webhooks';
import { webhookDeliveries } from '@parapet/db/schema';
import { and, eq, ilike, or } from 'drizzle-orm';
import { byTime, containing } from '../../page.ts';
import { defineVerb } from '../../verb.ts';
import { deliveryView, requireWebhook } from '../../webhooks/webhook-view.ts';

/** What was and will be sent to a webhook, by time; the cursor is the last delivery's id. */
export const listDeliveries = defineVerb(
  'webhooks.deliveries',
  listDeliveriesInputSchema,
  ({ read }, { webhookId, cursor, limit, search, order }): Promise<Page<WebhookDeliveryView>> =>
    read(async (tx) => {
      await requireWebhook(tx, webhookId);
      const { behind, orderBy } = byTime(webhookDeliveries.id, order, cursor);
      const text = search ? containing(search) : null;
      const rows = await tx
        .select()
        .from(webhookDeliveries)
        .where(
          and(
            eq(webhookDeliveries.webhookId, webhookId),
            behind,
            text === null
              ? undefined
              : or(
                  ilike(webhookDeliveries.event, text),
                  ilike(webhookDeliveries.id, text),
                  ilike(webhookDeliveries.status, text),
                  ilike(webhookDeliveries.lastError, text),
                ),
          ),
        )
        .orderBy(orderBy)
        .limit(limit + 1);
      const items = rows.slice(0, limit).map(deliveryView);
      return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
    }),
);
