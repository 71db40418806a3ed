import { ParapetError } from '@parapet/contracts/errors';
import { deliveryIdInputSchema, type WebhookDeliveryView } from '@parapet/contracts/portal/webhooks';
import { webhookDeliveries } from '@parapet/db/schema';
import { and, eq } from 'drizzle-orm';
import { defineVerb } from '../../verb.ts';
import { deliveryView } from '../../webhooks/webhook-view.ts';

/** Sends a delivery again, under the same `webhook-id`: a receiver that has it already knows it. */
export const redeliver = defineVerb(
  'webhooks.redeliver',
  deliveryIdInputSchema,
  ({ write, tenancy, now }, { deliveryId }): Promise<WebhookDeliveryView> =>
    write(async (tx) => {
      const [row] = await tx
        .update(webhookDeliveries)
        .set({ status: 'pending', attempts: 0, nextAttemptAt: now, lastError: null, deliveredAt: null })
        .where(and(eq(webhookDeliveries.orgId, tenancy.id), eq(webhookDeliveries.id, deliveryId)))
        .returning();
      if (!row) throw new ParapetError('not_found', `No such delivery: ${deliveryId.slice(0, 64)}.`);
      return { view: deliveryView(row), audit: { target: { kind: 'webhook_delivery', id: deliveryId } } };
    }),
);
