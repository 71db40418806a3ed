import { verbRules } from '@parapet/control/rules';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GatewayFixture } from '../testing/gateway-fixture.ts';
import { endpoints } from '../v1/endpoints.ts';

/** Routes outside /v1 and /trpc (whose procedures are verbs), and what guards each. A route that is neither here nor an endpoint fails the build. */
const guards: Record<string, 'public' | 'worker token' | 'sign-in'> = {
  'GET /healthz': 'public',
  'GET /readyz': 'public',
  'GET /metrics': 'public',
  'GET /openapi.json': 'public',
  'GET /auth/*': 'sign-in',
  'POST /auth/*': 'sign-in',
  'POST /auth/provider': 'sign-in',
  'GET /auth/callback/oidc': 'sign-in',
  'POST /internal/workers/serve/register': 'worker token',
  'POST /internal/workers/serve/:id/heartbeat': 'worker token',
  'POST /internal/train/lease': 'worker token',
  'POST /internal/train/jobs/:id/heartbeat': 'worker token',
  'POST /internal/train/jobs/:id/events': 'worker token',
  'POST /internal/train/jobs/:id/checkpoints': 'worker token',
  'POST /internal/train/jobs/:id/finish': 'worker token',
  'POST /internal/model-tasks/lease': 'worker token',
  'POST /internal/model-tasks/:id/progress': 'worker token',
  'POST /internal/model-tasks/:id/finish': 'worker token',
  'GET /internal/blobs/:digest': 'worker token',
  'PUT /internal/blobs/:digest': 'worker token',
};

let fixture: GatewayFixture;
beforeAll(async () => {
  const oidc = { issuer: 'http://127.0.0.1:9', clientId: 'a', clientSecret: 'b', name: 'Acme', trustEmail: false };
  fixture = await GatewayFixture.open({ config: { oidc } });
});
afterAll(() => fixture.close());

const nameOf = ({ method, path }: { method: string; path: string }) => `${method} ${path}`;
const fill = (path: string) => path.replace(/:\w+/g, 'a'.repeat(64)).replace('*', 'get-session');

test('every route has a rule or a guard', () => {
  const ruled = new Set(endpoints.map(nameOf));
  for (const definition of endpoints) expect(verbRules, nameOf(definition)).toHaveProperty([definition.rule]);
  const open = fixture.gateway.routes.entries
    .map(nameOf)
    .filter((name) => !ruled.has(name) && !(name in guards) && !name.endsWith(' /trpc/:path'));
  expect(open).toEqual([]);
});

describe('without credentials nothing of a tenant or a worker answers', () => {
  test('/v1 and /internal', async () => {
    const closed = fixture.gateway.routes.entries.filter(
      (route) => route.path.startsWith('/v1') || guards[nameOf(route)] === 'worker token',
    );
    expect(closed.length).toBeGreaterThan(25);
    for (const route of closed) {
      for (const authorization of [undefined, 'Bearer nothing', 'Basic eDp5', 'Bearer pk_live_x']) {
        const answer = await fetch(fixture.url + fill(route.path), {
          method: route.method,
          headers: authorization === undefined ? {} : { authorization },
        });
        expect(answer.status, `${nameOf(route)} with ${authorization}`).toBe(401);
      }
    }
  });

  test("an API key is no worker's token, and the worker's token no API key", async () => {
    const key = await fixture.key(await fixture.tenant());
    const asWorker = await fetch(`${fixture.url}/internal/train/lease`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
    });
    expect(asWorker.status).toBe(401);
    const asTenant = await fetch(`${fixture.url}/v1/models`, {
      headers: { authorization: fixture.workerAuthorization },
    });
    expect(asTenant.status).toBe(401);
  });
});

test('the description names every endpoint, its parameters and its rule', async () => {
  const description = (await (await fetch(`${fixture.url}/openapi.json`)).json()) as {
    openapi: string;
    paths: Record<
      string,
      Record<string, { operationId: string; 'x-parapet-rule': string; parameters: { name: string }[] }>
    >;
  };
  expect(description.openapi).toBe('3.1.0');
  const operations = Object.values(description.paths).flatMap((item) => Object.values(item));
  expect(operations).toHaveLength(endpoints.length);
  expect(new Set(operations.map((operation) => operation.operationId)).size).toBe(endpoints.length);
  const chat = JSON.stringify(description.paths['/v1/chat/completions']?.post);
  for (const name of [
    'messages',
    'adapter_strength',
    'stream_options',
    'top_logprobs',
    'Idempotency-Key',
    'event-stream',
  ]) {
    expect(chat).toContain(name);
  }
  expect(JSON.stringify(description)).not.toContain('undefined');
});
