import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { QuotaView } from '@parapet/contracts/portal/quota';
import { warnOfQuota } from '@parapet/control/quota-warnings';
import { modelPrices } from '@parapet/db/schema';
import { canStartPostgres, openTestPostgresUrl } from '@parapet/db/testing';
import { createTRPCClient, httpLink } from '@trpc/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createGateway, type Gateway } from '../server.ts';
import { GatewayFixture } from '../testing/gateway-fixture.ts';
import type { AppRouter } from './router.ts';

const publicUrl = 'http://localhost:3000';
const password = 'a long enough password';
const model = 'smollm2-135m-instruct';

/** The control plane as a company meets it, over HTTP and through two gateways on one Postgres. */
describe.skipIf(!canStartPostgres())('an organisation’s way through the control plane', { timeout: 120_000 }, () => {
  let database: Awaited<ReturnType<typeof openTestPostgresUrl>>;
  let fixture: GatewayFixture;
  let second: Gateway;
  let urls: [string, string];
  let receiver: Server;
  const received: { type: string; data: { state: string } }[] = [];
  let owner: Awaited<ReturnType<typeof signUp>>;
  let admin: Awaited<ReturnType<typeof signIn>>;
  let orgId: string;

  async function auth(path: string, body: object, headers: Record<string, string> = {}) {
    const answer = await fetch(`${urls[0]}/auth${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: publicUrl, ...headers },
      body: JSON.stringify(body),
    });
    expect(answer.status, await answer.clone().text()).toBe(200);
    const cookie = answer.headers
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; ');
    const link = httpLink({ url: `${urls[1]}/trpc`, headers: { origin: publicUrl, cookie } });
    return createTRPCClient<AppRouter>({ links: [link] });
  }
  const signUp = (name: string, headers: Record<string, string> = {}) =>
    auth('/sign-up/email', { name, email: `${name}@acme.test`, password }, headers);
  const signIn = (email: string, secret: string) => auth('/sign-in/email', { email, password: secret });
  const ask = (gateway: 0 | 1, key: string) =>
    fetch(`${urls[gateway]}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'x' }], max_tokens: 1 }),
    });
  const statusOf = async (gateway: 0 | 1, key: string) => (await ask(gateway, key)).status;

  beforeAll(async () => {
    database = await openTestPostgresUrl('own');
    const postgres = { kind: 'postgres', url: database.url, poolSize: 8 } as const;
    fixture = await GatewayFixture.open({ database: postgres, config: { webhooksInside: true } });
    second = await createGateway({ ...fixture.config, database: postgres });
    urls = [fixture.url, await second.listen({ port: 0, host: '127.0.0.1' })];
    await second.services.fleet.refresh();
    const { db } = fixture.gateway.services.control.database;
    await db.insert(modelPrices).values({
      id: 'price_test',
      model: '*',
      promptMicrosPerMillion: 1_000_000,
      completionMicrosPerMillion: 2_000_000,
      effectiveFrom: new Date(0),
    });
    receiver = createServer(async (request, response) => {
      let text = '';
      for await (const chunk of request) text += chunk;
      received.push(JSON.parse(text));
      response.end();
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    owner = await signUp('olga');
    const first = fixture.gateway.adminSignIn!;
    admin = await signIn(first.email, first.password);
    orgId = (await owner.session.me.query())!.organisation!.id;
  });
  afterAll(async () => {
    receiver?.close();
    await second?.close();
    await fixture?.close();
    await database?.drop();
  });

  test('people come by invitation, with the role they were given; a withdrawn one is worth nothing', async () => {
    const { token } = await owner.organisation.invite.mutate({ email: 'dev@acme.test', role: 'developer' });
    const gone = await owner.organisation.invite.mutate({ email: 'late@acme.test', role: 'admin' });
    await owner.organisation.revokeInvitation.mutate({ invitationId: gone.invitation.id });
    const dev = await signUp('dev', { 'x-parapet-invitation': token });
    expect((await dev.session.me.query())?.organisation).toMatchObject({ id: orgId, role: 'developer' });
    await expect(dev.organisation.invite.mutate({ email: 'x@acme.test', role: 'viewer' })).rejects.toThrow();
    const late = await fetch(`${urls[0]}/auth/sign-up/email`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: publicUrl, 'x-parapet-invitation': gone.token },
      body: JSON.stringify({ name: 'late', email: 'late@acme.test', password }),
    });
    expect(late.status).toBe(400);
  });

  test('several organisations of one name are made at the same moment', async () => {
    const named = { 'x-parapet-organisation-name': 'Same Name' };
    const people = await Promise.all(Array.from({ length: 8 }, (_, i) => signUp(`same-${i}`, named)));
    const slugs = await Promise.all(people.map(async (one) => (await one.session.me.query())?.organisation?.slug));
    expect(slugs.toSorted()).toEqual(['same-name', ...Array.from({ length: 7 }, (_, i) => `same-name-${i + 2}`)]);
  });

  test('a revoked key is refused by both gateways within a second, a rotated one works through its overlap', async () => {
    const made = await owner.keys.create.mutate({ name: 'one' });
    const listStatus = async (gateway: 0 | 1, key: string) =>
      (await fetch(`${urls[gateway]}/v1/models`, { headers: { authorization: `Bearer ${key}` } })).status;
    const both = async (key: string) => [await statusOf(0, key), await statusOf(1, key)];
    expect(await both(made.secret)).toEqual([200, 200]);
    const next = await owner.keys.rotate.mutate({ keyId: made.key.id, overlapHours: 1 });
    expect(await both(made.secret)).toEqual([200, 200]);
    expect(await both(next.secret)).toEqual([200, 200]);
    await owner.keys.revoke.mutate({ keyId: next.key.id });
    const revokedAt = performance.now();
    // An admission reads the key itself; everything else trusts what the gateway knows of it.
    expect(await both(next.secret)).toEqual([401, 401]);
    const inForce = async (gateway: 0 | 1) => {
      while ((await listStatus(gateway, next.secret)) !== 401) await sleep(20);
      return performance.now() - revokedAt;
    };
    for (const ms of await Promise.all([inForce(0), inForce(1)])) expect(ms).toBeLessThan(1_000);
    expect(await both(made.secret)).toEqual([200, 200]);
  });

  test('a service account’s key goes with it', async () => {
    const account = await owner.organisation.createServiceAccount.mutate({ name: 'ci', role: 'developer' });
    const { secret } = await owner.keys.create.mutate({ name: 'ci', serviceAccountId: account.id });
    expect(await statusOf(1, secret)).toBe(200);
    await owner.organisation.removeServiceAccount.mutate({ serviceAccountId: account.id });
    await sleep(1_000);
    expect(await statusOf(0, secret)).toBe(401);
    expect(await statusOf(1, secret)).toBe(401);
  });

  test('a quota warns at 80% and stops at 100%, and both sides see it', async () => {
    const { port } = receiver.address() as AddressInfo;
    await owner.webhooks.create.mutate({ url: `http://127.0.0.1:${port}/`, events: ['quota.warning'] });
    await admin.admin.tenants.overrideQuota.mutate({ organisationId: orgId, override: { gpuSecondsPerMonth: 1000 } });
    const { secret } = await owner.keys.create.mutate({ name: 'quota' });
    const use = (seconds: number) =>
      fixture.gateway.services.metering.adjust({
        tenantId: orgId as never,
        resource: 'inference',
        period: `${new Date().toISOString().slice(0, 7)}-01`,
        gpuMicros: seconds * 1_000_000,
        spendMicros: 0,
        reason: 'test',
      });
    const gpu = ({ lines }: QuotaView) => lines.find(({ name }) => name === 'gpuSecondsPerMonth');
    const seen = async () => [
      gpu(await owner.quota.get.query())?.state,
      gpu((await admin.admin.tenants.get.query({ organisationId: orgId })).quota)?.state,
    ];
    expect(await seen()).toEqual(['ok', 'ok']);
    await use(850);
    expect(await seen()).toEqual(['warning', 'warning']);
    // What maintenance does once a minute.
    await warnOfQuota(fixture.gateway.services.control);
    expect(await statusOf(1, secret)).toBe(200);
    await use(150);
    expect(await seen()).toEqual(['exhausted', 'exhausted']);
    await warnOfQuota(second.services.control);
    await warnOfQuota(fixture.gateway.services.control);
    const refused = await ask(1, secret);
    expect([refused.status, refused.headers.get('x-should-retry')]).toEqual([429, 'false']);
    expect(await refused.json()).toMatchObject({ error: { type: 'insufficient_quota', code: 'insufficient_quota' } });
    // Once each, whichever gateways look.
    const told = () => received.map(({ type, data }) => `${type} ${data.state}`).sort();
    await expect.poll(told, { timeout: 20_000 }).toEqual(['quota.warning exhausted', 'quota.warning warning']);
    await use(-1_000);
    expect(await statusOf(1, secret)).toBe(200);
  });

  test('the month’s statement comes as CSV and HTML, and the ledger reconciles to nothing', async () => {
    const [open] = (await owner.usage.statements.query()) as { id: string; state: string }[];
    expect(open?.state).toBe('open');
    const file = (format: 'csv' | 'html') =>
      owner.usage.statementExport.query({ statementId: open!.id, format }) as Promise<{ content: string }>;
    expect((await file('csv')).content).toContain(model);
    expect((await file('html')).content).toMatch(/^<!doctype html>[\s\S]*<\/html>/i);
    expect(await admin.admin.ledger.reconcile.query()).toMatchObject({ differences: [] });
  });

  test('the log tells all of it, in a chain that holds', async () => {
    const { items } = await owner.audit.list.query({ limit: 100 });
    const actions = new Set(items.map(({ action }) => action));
    for (const action of ['organisation.invite', 'session.acceptInvitation', 'keys.rotate', 'keys.revoke']) {
      expect(actions).toContain(action);
    }
    expect(actions).toContain('organisation.removeServiceAccount');
    expect(await owner.audit.verify.query()).toMatchObject({ intact: true, brokenAt: null });
    const csv = (await owner.audit.export.query({ format: 'csv', action: 'keys.revoke' })) as { content: string };
    expect(csv.content.trim().split('\n')).toHaveLength(2);
    // An administrator's hand shows in the tenant's own log.
    expect(actions).toContain('admin.tenants.overrideQuota');
  });
});
