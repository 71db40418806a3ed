import type { JobLiveItem } from '@parapet/contracts/portal/jobs';
import type { StepMetrics } from '@parapet/contracts/recipe';
import { leaseNextJob } from '@parapet/control/queue/lease';
import { recordEvents } from '@parapet/control/queue/record-events';
import { createTRPCClient, httpLink, TRPCClientError } from '@trpc/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GatewayFixture } from '../testing/gateway-fixture.ts';
import type { AppRouter } from './router.ts';

const publicUrl = 'http://localhost:3000';
const password = 'a long enough password';

describe('the portal’s API over HTTP', { timeout: 120_000 }, () => {
  let fixture: GatewayFixture;
  let closed = false;
  beforeAll(async () => {
    fixture = await GatewayFixture.open();
  });
  afterAll(async () => {
    if (!closed) await fixture.close();
  });

  const cookieOf = (answer: Response) =>
    answer.headers
      .getSetCookie()
      .map((cookie) => cookie.split(';')[0])
      .join('; ');
  async function signUp(email: string): Promise<string> {
    const answer = await fetch(`${fixture.url}/auth/sign-up/email`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: publicUrl },
      body: JSON.stringify({ name: email.split('@')[0], email, password }),
    });
    expect(answer.status).toBe(200);
    return cookieOf(answer);
  }
  const clientOf = (cookie: string | null, headers: Record<string, string> = {}) =>
    createTRPCClient<AppRouter>({
      links: [
        httpLink({
          url: `${fixture.url}/trpc`,
          headers: { origin: publicUrl, ...(cookie === null ? {} : { cookie }), ...headers },
        }),
      ],
    });
  const upload = async (cookie: string) => {
    const me = await clientOf(cookie).session.me.query();
    const rows = Array.from({ length: 12 }, (_, i) => `{"prompt":"question ${i}","completion":"answer ${i}"}`).join(
      '\n',
    );
    const body = new FormData();
    body.append('purpose', 'fine-tune');
    body.append('file', new Blob([rows]), 'train.jsonl');
    const answer = await fetch(`${fixture.url}/v1/files`, {
      method: 'POST',
      headers: { cookie, origin: publicUrl, 'x-parapet-organization': me?.organisation?.id ?? '' },
      body,
    });
    return { status: answer.status, body: (await answer.json()) as { id: string } };
  };

  it('says who is signed in, and null for nobody', async () => {
    expect(await clientOf(null).session.me.query()).toBeNull();
    const me = await clientOf(await signUp('grace@example.test')).session.me.query();
    expect(me).toMatchObject({ user: { email: 'grace@example.test' }, organisation: { slug: 'grace', role: 'owner' } });
  });

  it('answers refusals with their code and sentence, and nothing of the inside', async () => {
    const refused = await clientOf(null)
      .keys.list.query()
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(TRPCClientError);
    expect(refused).toMatchObject({ data: { code: 'UNAUTHORIZED', reason: 'unauthenticated' } });
    const cookie = await signUp('joan@example.test');
    const missing = await clientOf(cookie)
      .jobs.get.query({ jobId: 'ftjob-nothing' })
      .catch((error: unknown) => error);
    expect(missing).toMatchObject({ data: { httpStatus: 404, reason: 'not_found' } });
    const nul = await clientOf(cookie)
      .webhooks.deliveries.query({ webhookId: '\u0000', order: 'newest' })
      .catch((error: unknown) => error);
    expect(nul).toMatchObject({ data: { httpStatus: 400, reason: 'invalid_request' } });
    const named = await clientOf(cookie)
      .organisation.update.mutate({ name: '\u0000' })
      .catch((error: unknown) => error);
    expect(named).toMatchObject({ data: { httpStatus: 400, reason: 'invalid_request' } });
    const invalid = await clientOf(cookie)
      .keys.create.mutate({ name: '' })
      .catch((error: unknown) => error);
    expect(invalid).toMatchObject({ data: { httpStatus: 400, param: 'name' } });
    const raw = await fetch(`${fixture.url}/trpc/jobs.get?input=%7B%22jobId%22%3A5%7D`, { headers: { cookie } });
    expect(await raw.text()).not.toMatch(/stack|node_modules|\.ts:/);
    const admin = await clientOf(cookie)
      .admin.tenants.list.query({})
      .catch((error: unknown) => error);
    expect(admin).toMatchObject({ data: { httpStatus: 403 } });
  });

  it('refuses calls from another site’s page', async () => {
    const cookie = await signUp('mary@example.test');
    const forged = clientOf(cookie, { origin: 'https://evil.example' });
    const refused = await forged.keys.create.mutate({ name: 'stolen' }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ data: { httpStatus: 403, reason: 'permission_denied' } });
    expect(await clientOf(cookie).keys.list.query()).toEqual([]);
  });

  it('makes a key that works until it is revoked', async () => {
    const portal = clientOf(await signUp('edsger@example.test'));
    const { secret, key } = await portal.keys.create.mutate({ name: 'ci' });
    const models = () => fetch(`${fixture.url}/v1/models`, { headers: { authorization: `Bearer ${secret}` } });
    expect((await models()).status).toBe(200);
    await portal.keys.revoke.mutate({ keyId: key.id });
    await expect.poll(async () => (await models()).status, { timeout: 15_000 }).toBe(401);
  });

  it('uploads by session, starts a job from the form, and follows it live; a follower resumes where it was', async () => {
    const cookie = await signUp('ada@example.test');
    const portal = clientOf(cookie);
    const file = await upload(cookie);
    expect(file.status).toBe(200);
    const [model] = await portal.models.list.query();
    const estimate = await portal.jobs.estimate.query({ trainingFileId: file.body.id });
    expect(estimate.steps).toBeGreaterThan(0);
    const job = await portal.jobs.create.mutate({ trainingFileId: file.body.id, suffix: 'first', seed: 3 });
    expect(job).toMatchObject({ status: 'queued', baseModel: model?.model, seed: 3 });

    const { control } = fixture.gateway.services;
    const bases = await control.database.query<{ digest: string }>('select digest from base_models');
    const device = { kind: 'cpu' as const, name: 'test' };
    const worker = { workerName: 'w', device, baseDigests: bases.map(({ digest }) => digest) };
    const lease = await leaseNextJob(control, worker);
    const tell = (step: number) =>
      recordEvents(control, job.id, {
        fencingToken: lease!.fencingToken,
        metrics: [metrics(step)],
        messages: [],
        samples: [],
      });
    await tell(1);
    const first = await follow(cookie, job.id, null, 1);
    expect(first.steps).toEqual([1]);
    await tell(2);
    const second = await follow(cookie, job.id, first.lastId, 2);
    expect(second.steps).toEqual([2]);

    // A gateway that closes does not wait half a minute for who still follows: their stream breaks off, and they ask again.
    const input = encodeURIComponent(JSON.stringify({ jobId: job.id }));
    const headers = { cookie, accept: 'text/event-stream' };
    const open = await fetch(`${fixture.url}/trpc/jobs.live?input=${input}`, { headers });
    const reader = open.body!.getReader();
    await reader.read();
    const since = Date.now();
    await fixture.close();
    closed = true;
    expect(Date.now() - since).toBeLessThan(25_000);
    await expect(drain(reader)).rejects.toThrow();
  });

  async function drain(reader: ReadableStreamDefaultReader<Uint8Array>) {
    while (!(await reader.read()).done);
  }

  /** Reads the event stream until a step of at least `until` came, then hangs up. */
  async function follow(cookie: string, jobId: string, lastEventId: string | null, until: number) {
    const input = encodeURIComponent(JSON.stringify({ jobId, lastEventId }));
    const stop = new AbortController();
    const answer = await fetch(`${fixture.url}/trpc/jobs.live?input=${input}`, {
      headers: { cookie, accept: 'text/event-stream' },
      signal: stop.signal,
    });
    expect(answer.headers.get('content-type')).toContain('text/event-stream');
    const steps: number[] = [];
    let lastId: string | null = null;
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of answer.body!) {
      text += decoder.decode(chunk, { stream: true });
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const field = (name: string) =>
          block
            .split('\n')
            .find((line) => line.startsWith(`${name}: `))
            ?.slice(name.length + 2);
        const data = field('data');
        const id = field('id');
        if (data === undefined || id === undefined) continue;
        lastId = id;
        const item = JSON.parse(data) as JobLiveItem;
        if (item.type === 'metrics') steps.push(...item.metrics.map(({ step }) => step));
      }
      if (steps.some((step) => step >= until)) break;
    }
    stop.abort();
    return { steps, lastId };
  }
});

const metrics = (step: number): StepMetrics => ({
  step,
  totalSteps: 10,
  epoch: 0.1,
  trainLoss: 1,
  trainTokenAccuracy: 0.5,
  learningRate: 0.01,
  gradNorm: 1,
  tokensPerSecond: 100,
  trainedTokens: 10,
  etaSeconds: 1,
  memoryBytes: 1,
  validLoss: null,
  validTokenAccuracy: null,
});
