import { isIP } from 'node:net';
import { ParapetError } from '@parapet/contracts/errors';
import { newId } from '@parapet/contracts/ids';
import { type CreatedWebhook, createWebhookInputSchema } from '@parapet/contracts/portal/webhooks';
import { webhooks } from '@parapet/db/schema';
import { eq } from 'drizzle-orm';
import { makerOf } from '../../access/principal.ts';
import { defineVerb } from '../../verb.ts';
import { isInside } from '../../webhooks/public-address.ts';
import { mintWebhookSecret } from '../../webhooks/sign.ts';
import { requireWebhook } from '../../webhooks/webhook-view.ts';

const maxWebhooks = 20;

/** A new webhook. Its signing secret is in this answer and can't be seen again. */
export const createWebhook = defineVerb(
  'webhooks.create',
  createWebhookInputSchema,
  ({ write, services, tenancy, principal, now }, { url, events }): Promise<CreatedWebhook> =>
    write(async (tx) => {
      if (services.secrets === undefined) throw new ParapetError('internal', 'There is no key to keep secrets with.');
      const { hostname, username, password } = new URL(url);
      if (username !== '' || password !== '') {
        throw new ParapetError('invalid_request', 'The address must hold no user name or password.', { param: 'url' });
      }
      if (!services.webhooksInside && (hostname === 'localhost' || (isIP(hostname) !== 0 && isInside(hostname)))) {
        throw new ParapetError('invalid_request', 'The address must be reachable from the internet.', { param: 'url' });
      }
      if ((await tx.$count(webhooks, eq(webhooks.orgId, tenancy.id))) >= maxWebhooks) {
        throw new ParapetError('conflict', `There are ${maxWebhooks} webhooks already: delete some first.`);
      }
      const secret = mintWebhookSecret();
      const id = newId('webhook', now.getTime());
      const about = { id, orgId: tenancy.id, url, events: [...new Set(events)], secret: services.secrets.seal(secret) };
      await tx.insert(webhooks).values({ ...about, createdBy: makerOf(principal), createdAt: now, updatedAt: now });
      const view = { webhook: await requireWebhook(tx, id), secret };
      return { view, audit: { target: { kind: 'webhook', id }, after: { url, events } } };
    }),
);
