import { updateWebhookInputSchema, type WebhookView } from '@parapet/contracts/portal/webhooks';
import { webhooks } from '@parapet/db/schema';
import { and, eq } from 'drizzle-orm';
import { defineVerb } from '../../verb.ts';
import { requireWebhook } from '../../webhooks/webhook-view.ts';

/** Changes what a webhook is told, or stops and starts it; what waits goes out when it starts again. */
export const updateWebhook = defineVerb(
  'webhooks.update',
  updateWebhookInputSchema,
  ({ write, tenancy, now }, { webhookId, enabled, events }): Promise<WebhookView> =>
    write(async (tx) => {
      const before = await requireWebhook(tx, webhookId);
      await tx
        .update(webhooks)
        .set({ enabled, events, updatedAt: now })
        .where(and(eq(webhooks.orgId, tenancy.id), eq(webhooks.id, webhookId)));
      return {
        view: await requireWebhook(tx, webhookId),
        audit: {
          target: { kind: 'webhook', id: webhookId },
          before: { enabled: before.enabled, events: before.events },
          after: { enabled, events },
        },
      };
    }),
);
