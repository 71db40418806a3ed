import { webhookDeliveries, webhooks } from '@parapet/db/schema';
import { asPlatform } from '@parapet/db/tenant';
import { and, asc, eq, inArray, lte } from 'drizzle-orm';
import type { ControlServices } from '../context.ts';
import { type PostResult, post } from './post.ts';
import { signedHeaders } from './sign.ts';

/** Waits after the first, second, … failure, in seconds; past the last one the delivery has failed. */
export const retrySeconds = [5, 30, 120, 600, 1800, 7200, 21_600, 43_200];

const batch = 20;
/** A delivery in hand is another gateway's only when this one has surely died. */
const claimMs = 60_000;

type Claimed = { delivery: typeof webhookDeliveries.$inferSelect; url: string; secret: string };

/** Sends what is due. Any gateway may call it at any time: each delivery is in one's hand only. Answers how many. */
export async function deliverWebhooks(services: ControlServices): Promise<number> {
  const { secrets } = services;
  if (secrets === undefined) return 0;
  const claimed = await claim(services);
  await Promise.all(
    claimed.map(async ({ delivery, url, secret }) => {
      const body = JSON.stringify(delivery.payload);
      const headers = signedHeaders(secrets.open(secret), delivery.id, services.now(), body);
      await keepResult(services, delivery, await post(url, headers, body, services.webhooksInside ?? false));
    }),
  );
  return claimed.length;
}

async function claim(services: ControlServices): Promise<Claimed[]> {
  const now = services.now();
  return asPlatform(services.database.db, async (tx) => {
    const due = await tx
      .select({ delivery: webhookDeliveries, url: webhooks.url, secret: webhooks.secret })
      .from(webhookDeliveries)
      .innerJoin(webhooks, eq(webhooks.id, webhookDeliveries.webhookId))
      .where(
        and(
          eq(webhookDeliveries.status, 'pending'),
          lte(webhookDeliveries.nextAttemptAt, now),
          eq(webhooks.enabled, true),
        ),
      )
      .orderBy(asc(webhookDeliveries.nextAttemptAt))
      .limit(batch)
      .for('update', { of: webhookDeliveries, skipLocked: true });
    const ids = due.map(({ delivery }) => delivery.id);
    if (ids.length > 0) {
      const nextAttemptAt = new Date(now.getTime() + claimMs);
      await tx.update(webhookDeliveries).set({ nextAttemptAt }).where(inArray(webhookDeliveries.id, ids));
    }
    return due;
  });
}

async function keepResult(services: ControlServices, delivery: Claimed['delivery'], result: PostResult): Promise<void> {
  const now = services.now();
  const attempts = delivery.attempts + 1;
  const delivered = 'status' in result && result.status >= 200 && result.status < 300;
  const waitSeconds = retrySeconds[attempts - 1];
  const failed = !delivered && waitSeconds === undefined;
  const change = {
    attempts,
    status: delivered ? ('delivered' as const) : failed ? ('failed' as const) : ('pending' as const),
    responseStatus: 'status' in result ? result.status : null,
    lastError: delivered ? null : 'failure' in result ? result.failure : `the receiver answered ${result.status}`,
    nextAttemptAt: delivered || waitSeconds === undefined ? null : new Date(now.getTime() + waitSeconds * 1000),
    deliveredAt: delivered ? now : null,
  };
  await asPlatform(services.database.db, (tx) =>
    tx.update(webhookDeliveries).set(change).where(eq(webhookDeliveries.id, delivery.id)),
  );
}
