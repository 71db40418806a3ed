import { newId } from '@parapet/contracts/ids';
import { unixSeconds } from '@parapet/contracts/openai-common';
import type { WebhookEvent } from '@parapet/contracts/portal/webhooks';
import { webhookDeliveries, webhooks } from '@parapet/db/schema';
import type { Tx } from '@parapet/db/tenant';
import { and, arrayContains, eq } from 'drizzle-orm';

/**
 * Puts an event in the post for every webhook that wants it, in the transaction of what it tells: it is sent if and
 * only if that commits.
 */
export async function enqueueWebhooks(
  tx: Tx,
  orgId: string,
  event: WebhookEvent,
  data: Record<string, unknown>,
  now: Date,
): Promise<void> {
  const wanted = await tx
    .select({ id: webhooks.id })
    .from(webhooks)
    .where(and(eq(webhooks.orgId, orgId), eq(webhooks.enabled, true), arrayContains(webhooks.events, [event])));
  if (wanted.length === 0) return;
  await tx.insert(webhookDeliveries).values(
    wanted.map((webhook) => {
      const id = newId('webhookDelivery', now.getTime());
      return {
        id,
        orgId,
        webhookId: webhook.id,
        event,
        payload: { id, object: 'event', type: event, created_at: unixSeconds(now), data },
        nextAttemptAt: now,
        createdAt: now,
      };
    }),
  );
}

const eventOf = {
  succeeded: 'fine_tuning.job.succeeded',
  failed: 'fine_tuning.job.failed',
  cancelled: 'fine_tuning.job.cancelled',
} as const satisfies Record<string, WebhookEvent>;

/** Tells the end of a job to who wants to know; other statuses are no end. */
export async function announceJobEnd(
  tx: Tx,
  job: { id: string; orgId: string },
  status: string,
  now: Date,
): Promise<void> {
  const event = eventOf[status as keyof typeof eventOf];
  if (event !== undefined) await enqueueWebhooks(tx, job.orgId, event, { id: job.id }, now);
}
