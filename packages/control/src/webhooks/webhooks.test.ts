import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { asPlatform } from '@parapet/db/tenant';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSecretBox } from '../secret-box.ts';
import { ControlFixture, type Person } from '../testing/control-fixture.ts';
import { createWebhook } from '../verbs/webhooks/create-webhook.ts';
import { deleteWebhook } from '../verbs/webhooks/delete-webhook.ts';
import { listDeliveries } from '../verbs/webhooks/list-deliveries.ts';
import { listWebhooks } from '../verbs/webhooks/list-webhooks.ts';
import { redeliver } from '../verbs/webhooks/redeliver.ts';
import { deliverWebhooks, retrySeconds } from './deliver.ts';
import { announceJobEnd } from './enqueue.ts';
import { post } from './post.ts';
import { isInside } from './public-address.ts';

describe('webhooks', () => {
  let fixture: ControlFixture;
  let owner: Person;
  let server: Server;
  let url: string;
  let received: { headers: IncomingHttpHeaders; body: string }[] = [];
  let status = 200;
  beforeAll(async () => {
    fixture = await ControlFixture.open();
    owner = (await fixture.organisation('Acme')).owner;
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        received.push({ headers: request.headers, body });
        response.writeHead(status).end();
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  });
  afterAll(async () => {
    server.close();
    await fixture.close();
  });
  beforeEach(() => {
    received = [];
    status = 200;
  });

  const make = (events: ('fine_tuning.job.succeeded' | 'fine_tuning.job.failed')[] = ['fine_tuning.job.succeeded']) =>
    createWebhook(fixture.as(owner), { url, events });
  const end = (outcome: string) =>
    asPlatform(fixture.services.database.db, (tx) =>
      announceJobEnd(tx, { id: 'ftjob-1', orgId: owner.tenancy!.id }, outcome, fixture.services.now()),
    );
  /** The services at a later time. */
  const after = (seconds: number) => ({ ...fixture.services, now: () => new Date(Date.now() + seconds * 1000) });

  it('sends what is subscribed to, signed so that the receiver can check it', async () => {
    const { webhook, secret } = await make();
    await end('failed');
    await end('succeeded');
    expect(await deliverWebhooks(fixture.services)).toBe(1);
    expect(await deliverWebhooks(fixture.services)).toBe(0);
    const [{ headers, body }] = received as [(typeof received)[0]];
    expect(JSON.parse(body)).toMatchObject({
      type: 'fine_tuning.job.succeeded',
      object: 'event',
      data: { id: 'ftjob-1' },
    });
    const said = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    const mac = createHmac('sha256', Buffer.from(secret.slice(6), 'base64'))
      .update(said)
      .digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${mac}`);
    expect((await listWebhooks(fixture.as(owner), undefined))[0]?.lastDelivery?.status).toBe('delivered');
    const stored = await fixture.services.database.query<{ secret: string }>('select secret from webhooks');
    expect(JSON.stringify(stored)).not.toContain(secret.slice(6));
    await deleteWebhook(fixture.as(owner), { webhookId: webhook.id });
  });

  it('tries again with longer waits, gives up at last, and sends again when asked to', async () => {
    const { webhook } = await make();
    await end('succeeded');
    status = 500;
    let at = 0;
    for (const seconds of [...retrySeconds, 0]) {
      expect(await deliverWebhooks(after(at)), `at ${at}`).toBe(1);
      expect(await deliverWebhooks(after(at))).toBe(0);
      at += seconds + 1;
    }
    expect(await deliverWebhooks(after(at + 1e6))).toBe(0);
    const { items } = await listDeliveries(fixture.as(owner), { webhookId: webhook.id, limit: 10, order: 'newest' });
    expect(items[0]).toMatchObject({ status: 'failed', attempts: retrySeconds.length + 1, responseStatus: 500 });
    status = 204;
    await redeliver(fixture.as(owner), { deliveryId: items[0]!.id });
    expect(await deliverWebhooks(fixture.services)).toBe(1);
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    await deleteWebhook(fixture.as(owner), { webhookId: webhook.id });
  });

  it('reaches no address inside the network unless the platform is told to', async () => {
    const outside = { ...fixture.as(owner), services: { ...fixture.services, webhooksInside: false } };
    for (const inside of [url, 'http://localhost:1/', 'https://10.1.2.3/', 'https://169.254.169.254/latest']) {
      const refused = createWebhook(outside, { url: inside, events: ['fine_tuning.job.failed'] });
      await expect(refused, inside).rejects.toMatchObject({ code: 'invalid_request' });
    }
    expect(await post(url, {}, '{}', false)).toMatchObject({ failure: expect.stringContaining('inside') });
    expect(await post(url.replace('127.0.0.1', 'localhost'), {}, '{}', false)).toMatchObject({
      failure: expect.stringContaining('inside'),
    });
    expect(received).toEqual([]);
    expect(['::1', '::ffff:127.0.0.1', 'fd00::1', '100.64.1.1'].map(isInside)).toEqual([true, true, true, true]);
    expect(['8.8.8.8', '2606:4700::1111'].map(isInside)).toEqual([false, false]);
  });

  it('lets others see and send nothing', async () => {
    const { webhook } = await make(['fine_tuning.job.failed']);
    await end('failed');
    const { items } = await listDeliveries(fixture.as(owner), { webhookId: webhook.id, limit: 10, order: 'newest' });
    const found = async (search: string) =>
      (await listDeliveries(fixture.as(owner), { webhookId: webhook.id, limit: 10, order: 'newest', search })).items
        .length;
    expect([await found('JOB.failed'), await found(items[0]!.id), await found('job%failed')]).toEqual([1, 1, 0]);
    const other = (await fixture.organisation('Other')).owner;
    const missing = { code: 'not_found' };
    await expect(deleteWebhook(fixture.as(other), { webhookId: webhook.id })).rejects.toMatchObject(missing);
    await expect(redeliver(fixture.as(other), { deliveryId: items[0]!.id })).rejects.toMatchObject(missing);
    expect(await listWebhooks(fixture.as(other), undefined)).toEqual([]);
  });
});

describe('sealed secrets', () => {
  it('open with the same key only', () => {
    const box = createSecretBox('one');
    const sealed = box.seal('whsec_abc');
    expect(sealed).not.toContain('abc');
    expect(box.open(sealed)).toBe('whsec_abc');
    expect(box.seal('whsec_abc')).not.toBe(sealed);
    expect(() => createSecretBox('two').open(sealed)).toThrow();
    expect(() => box.open(`${sealed.slice(0, -2)}AA`)).toThrow();
  });
});
