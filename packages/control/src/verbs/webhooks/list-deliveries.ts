import type { Page } from '@parapet/contracts/portal/common';
import { listDeliveriesInputSchema, type WebhookDeliveryView } from '@parapet/contracts/portal/webhooks';
import { webhookDeliveries } from '@parapet/db/schema';
import { and, desc, eq, ilike, lt, or } from 'drizzle-orm';
import { containing } from '../../page.ts';
import { defineVerb } from '../../verb.ts';
import { deliveryView, requireWebhook } from '../../webhooks/webhook-view.ts';

/** What was and will be sent to a webhook, newest first; the cursor is the last delivery's id. */
export const listDeliveries = defineVerb(
  'webhooks.deliveries',
  listDeliveriesInputSchema,
  ({ read }, { webhookId, cursor, limit, search }): Promise<Page<WebhookDeliveryView>> =>
    read(async (tx) => {
      await requireWebhook(tx, webhookId);
      const text = search ? containing(search) : null;
      const rows = await tx
        .select()
        .from(webhookDeliveries)
        .where(
          and(
            eq(webhookDeliveries.webhookId, webhookId),
            cursor === undefined ? undefined : lt(webhookDeliveries.id, cursor),
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
        .orderBy(desc(webhookDeliveries.id))
        .limit(limit + 1);
      const items = rows.slice(0, limit).map(deliveryView);
      return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
    }),
);
