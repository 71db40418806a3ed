import { webhookIdInputSchema } from '@parapet/contracts/portal/webhooks';
import { webhooks } from '@parapet/db/schema';
import { and, eq } from 'drizzle-orm';
import { defineVerb } from '../../verb.ts';
import { requireWebhook } from '../../webhooks/webhook-view.ts';

/** Deletes a webhook with its deliveries; nothing more is sent to it. */
export const deleteWebhook = defineVerb(
  'webhooks.delete',
  webhookIdInputSchema,
  ({ write, tenancy }, { webhookId }): Promise<{ id: string }> =>
    write(async (tx) => {
      const { url, events } = await requireWebhook(tx, webhookId);
      await tx.delete(webhooks).where(and(eq(webhooks.orgId, tenancy.id), eq(webhooks.id, webhookId)));
      return {
        view: { id: webhookId },
        audit: { target: { kind: 'webhook', id: webhookId }, before: { url, events } },
      };
    }),
);
