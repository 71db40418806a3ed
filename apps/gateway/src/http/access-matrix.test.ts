import { type Role, roleSchema } from '@parapet/contracts/roles';
import { includesRole, verbRules } from '@parapet/control/rules';
import { auditLog, datasets, fineTuningJobs } from '@parapet/db/schema';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GatewayFixture } from '../testing/gateway-fixture.ts';
import { endpoints } from '../v1/endpoints.ts';
import type { Endpoint } from './endpoint.ts';

const model = 'smollm2-135m-instruct';
const canary = 'KINGFISHER-7731';
let fixture: GatewayFixture;
/** What tenant A owns, by the path parameter that would name it. */
let owned: { file: string; job: string; adapterVersion: string; adapterModel: string };
let tenantA: string;
const keysOf = { A: {} as Record<Role, string>, B: {} as Record<Role, string> };

const call = (key: string, method: string, path: string, body?: string | FormData, type?: string) =>
  fetch(fixture.url + path, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(type && { 'content-type': type }) },
    body,
  });

const form = (fields: Record<string, string | Blob>) => {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.append(name, value as string);
  return data;
};

/** An adapter file that is sound as far as the manifest goes. */
function adapterFile(): Blob {
  const config = { method: 'ia3' };
  const manifest = { version: 1, config, baseDigest: 'b'.repeat(64), baseModel: model, parameters: 1 };
  const header = Buffer.from(
    JSON.stringify({
      __metadata__: { parapet: JSON.stringify(manifest) },
      x: { dtype: 'F32', shape: [1], data_offsets: [0, 4] },
    }),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return new Blob([length, header, Buffer.alloc(4)]);
}

beforeAll(async () => {
  fixture = await GatewayFixture.open();
  for (const name of ['A', 'B'] as const) {
    const owner = await fixture.tenant();
    const orgId = owner.tenancy!.id;
    if (name === 'A') tenantA = orgId;
    for (const role of roleSchema.options) {
      keysOf[name][role] = await fixture.roleKey(owner, role);
    }
  }
  const rows = Array.from({ length: 12 }, (_, i) => JSON.stringify({ prompt: `${canary} ${i}`, completion: 'yes' }));
  const key = keysOf.A.owner;
  const json = async (answer: Response) => {
    const body = (await answer.json()) as Record<string, unknown>;
    expect(answer.status, JSON.stringify(body)).toBe(200);
    return body;
  };
  const file = await json(
    await call(key, 'POST', '/v1/files', form({ purpose: 'fine-tune', file: new Blob([rows.join('\n')]) })),
  );
  const job = await json(
    await call(
      key,
      'POST',
      '/v1/fine_tuning/jobs',
      JSON.stringify({ model, training_file: file.id }),
      'application/json',
    ),
  );
  const adapter = await json(
    await call(key, 'POST', '/v1/parapet/adapters', form({ name: canary, file: adapterFile() })),
  );
  const version = (adapter.versionList as { id: string; model: string }[])[0]!;
  owned = {
    file: file.id as string,
    job: job.id as string,
    adapterVersion: version.id,
    adapterModel: version.model,
  };
});
afterAll(() => fixture.close());

/** The endpoint's path with tenant A's ids in it, and a sound body that names what is A's. */
function aimed({ method, path, multipart, body }: Endpoint): { path: string; body?: string | FormData; type?: string } {
  const filled = path
    .replace('/files/:id', `/files/${owned.file}`)
    .replace('/jobs/:id', `/jobs/${owned.job}`)
    .replace(':model', encodeURIComponent(owned.adapterModel))
    .replace(':versionId', owned.adapterVersion);
  expect(filled).not.toContain(':');
  if (multipart) return { path: filled, body: form({ purpose: 'fine-tune', file: new Blob(['{}']) }) };
  if (!body || method === 'GET') return { path: filled };
  const bodies: Record<string, object> = {
    '/v1/completions': { model: owned.adapterModel, prompt: 'x' },
    '/v1/chat/completions': { model: owned.adapterModel, messages: [{ role: 'user', content: 'x' }] },
    '/v1/fine_tuning/jobs': { model, training_file: owned.file },
  };
  return { path: filled, body: JSON.stringify(bodies[path]), type: 'application/json' };
}

const aboutOwn = (path: string) => !path.includes(':');

test("no role of another tenant gets at anything of a tenant's", async () => {
  const { db } = fixture.gateway.services.control.database;
  const entries = () => db.$count(auditLog, eq(auditLog.orgId, tenantA));
  const before = await entries();
  for (const definition of endpoints) {
    for (const role of roleSchema.options) {
      const { path, body, type } = aimed(definition);
      const answer = await call(keysOf.B[role], definition.method, path, body, type);
      const text = await answer.text();
      const what = `${role}: ${definition.method} ${path}: ${answer.status} ${text.slice(0, 200)}`;
      expect(text, what).not.toContain(canary);
      // Lists of the stranger's own are theirs to read; whatever names something of A must fail.
      if (definition.method === 'GET' && aboutOwn(definition.path)) expect(answer.status, what).toBe(200);
      else expect(answer.status, what).toBeGreaterThanOrEqual(400);
      expect(answer.status, what).toBeLessThan(500);
    }
  }
  expect(await entries()).toBe(before);
  expect(await db.select().from(datasets).where(eq(datasets.id, owned.file))).toHaveLength(1);
  const [job] = await db.select().from(fineTuningJobs).where(eq(fineTuningJobs.id, owned.job));
  expect(job).toMatchObject({ requestedAction: null, orgId: tenantA });
  expect(['queued', 'validating_files']).toContain(job?.status);
});

test('within a tenant each role does what its rule says, and no more', async () => {
  for (const definition of endpoints) {
    const rule = verbRules[definition.rule];
    if (rule.over !== 'tenant') throw new Error(`${definition.path} has a rule that is no tenant's`);
    for (const role of roleSchema.options) {
      if (includesRole(role, rule.role)) continue;
      const { path, body, type } = aimed(definition);
      const answer = await call(keysOf.A[role], definition.method, path, body, type);
      expect(answer.status, `${role}: ${definition.method} ${path}`).toBe(403);
    }
  }
  const answer = await call(keysOf.A.viewer, 'GET', `/v1/files/${owned.file}/content`);
  expect(await answer.text()).toContain(canary);
});

test('a key without a scope is refused wherever the scope is asked for', async () => {
  const owner = await fixture.tenant();
  for (const definition of endpoints) {
    const rule = verbRules[definition.rule];
    const scope = rule.over === 'tenant' ? rule.scope : null;
    const others = ['inference', 'models:read', 'files:read', 'files:write', 'jobs:read', 'jobs:write'] as const;
    const key = await fixture.key(owner, { scopes: others.filter((one) => one !== scope) });
    const { path, body, type } = aimed(definition);
    const answer = await call(key, definition.method, path, body, type);
    expect(answer.status, `${definition.method} ${path} without ${scope}`).toBe(403);
  }
});
