import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { newId } from '@parapet/contracts/ids';
import { createFineTuningJobSchema } from '@parapet/contracts/openai-fine-tuning';
import { createKeyInputSchema } from '@parapet/contracts/portal/keys';
import { roleSchema } from '@parapet/contracts/roles';
import { baseModels } from '@parapet/db/schema';
import { asPlatform } from '@parapet/db/tenant';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { adapterFile, ControlFixture, type Person } from '../testing/control-fixture.ts';
import type { Verb } from '../verb.ts';
import { importAdapter } from '../verbs/adapters/import-adapter.ts';
import { moveAlias } from '../verbs/adapters/move-alias.ts';
import { createDataset } from '../verbs/datasets/create-dataset.ts';
import { createJob } from '../verbs/jobs/create-job.ts';
import { createKey } from '../verbs/keys/create-key.ts';
import { createServiceAccount } from '../verbs/organisation/create-service-account.ts';
import { inviteMember } from '../verbs/organisation/invite-member.ts';
import { listMembers } from '../verbs/organisation/list-members.ts';
import { createWebhook } from '../verbs/webhooks/create-webhook.ts';
import { listDeliveries } from '../verbs/webhooks/list-deliveries.ts';
import { announceJobEnd } from '../webhooks/enqueue.ts';
import type { Principal } from './principal.ts';
import { includesRole, type Rule, type VerbName, verbRules } from './rules.ts';

const folder = fileURLToPath(new URL('../verbs', import.meta.url));
const isVerb = (value: unknown): value is Verb => typeof value === 'function' && 'verbName' in value;
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
const verbs: Verb[] = (await Promise.all(files.map(async (file) => Object.values(await import(`${folder}/${file}`)))))
  .flat()
  .filter(isVerb);

const canary = 'KINGFISHER';
const baseDigest = 'b'.repeat(64);

/** Rules that no verb has yet: `models.get` and `models.resolve` are the gateway's, on its hot path. */
const elsewhere: VerbName[] = ['models.get', 'models.resolve'];

describe('every verb × every role × a foreign tenant’s ids', () => {
  let fixture: ControlFixture;
  let owner: Person;
  const people: Record<string, Person> = {};
  let stranger: Person;
  /** What tenant A owns, by the input field that would name it. */
  let owned: Record<string, unknown>;

  const bytes = (content: Uint8Array) =>
    (async function* () {
      yield content;
    })();

  beforeAll(async () => {
    fixture = await ControlFixture.open();
    const base = { id: newId('baseModel'), name: 'tiny', digest: baseDigest, source: 'builtin', isDefault: true };
    await fixture.services.database.db.insert(baseModels).values(base);
    const a = await fixture.organisation(`${canary} A`);
    owner = a.owner;
    for (const role of roleSchema.options) people[role] = await fixture.member(a.id, role);
    stranger = (await fixture.organisation('B')).owner;
    const as = fixture.as(owner);
    const rows = Array.from({ length: 12 }, (_, i) => `{"prompt":"${canary} ${i}","completion":"yes"}`).join('\n');
    const file = { fileName: `${canary}.jsonl`, content: bytes(Buffer.from(rows)), duplicates: 'refuse' as const };
    const dataset = await createDataset(as, file);
    const job = await createJob(as, createFineTuningJobSchema.parse({ model: 'tiny', training_file: dataset.id }));
    const content = bytes(adapterFile(baseDigest));
    const adapter = await importAdapter(as, { name: canary, adapterId: null, content });
    const versionId = adapter.versionList[0]!.id;
    await moveAlias(as, { adapterId: adapter.id, alias: 'prod', versionId });
    const { key } = await createKey(as, createKeyInputSchema.parse({ name: canary }));
    const account = await createServiceAccount(as, { name: canary, role: 'viewer' });
    const { invitation } = await inviteMember(as, { email: `${canary}@example.test`, role: 'viewer' });
    const events = ['fine_tuning.job.failed' as const];
    const { webhook } = await createWebhook(as, { url: `https://example.com/${canary}`, events });
    const end = { id: job.id, orgId: a.id };
    await asPlatform(fixture.services.database.db, (tx) => announceJobEnd(tx, end, 'failed', new Date()));
    const deliveries = await listDeliveries(as, { webhookId: webhook.id, limit: 1, order: 'newest' });
    owned = {
      datasetId: dataset.id,
      trainingFileId: dataset.id,
      training_file: dataset.id,
      jobId: job.id,
      jobIds: [job.id],
      adapterId: adapter.id,
      versionId,
      keyId: key.id,
      memberId: (await listMembers(as, undefined)).find(({ userId }) => userId === people.viewer?.userId)?.id,
      serviceAccountId: account.id,
      invitationId: invitation.id,
      webhookId: webhook.id,
      deliveryId: deliveries.items[0]!.id,
      statementId: `${a.id}:2026-11-01`,
      organisationId: a.id,
      planId: newId('plan'),
      tokenOrId: invitation.id,
      model: adapter.versionList[0]!.model,
      warmStartFrom: versionId,
    };
  });
  afterAll(() => fixture.close());

  /** An input that names what A owns wherever it can, and is otherwise as small as the schema lets it be. */
  function inputOf(verb: Verb): unknown {
    if (!(verb.input instanceof z.ZodObject)) return undefined;
    const plain: Record<string, unknown> = {
      name: 'x',
      role: 'viewer',
      email: 'new@example.test',
      alias: 'prod',
      url: 'https://example.com/',
      events: ['fine_tuning.job.failed'],
      sampleId: 'support-routing',
      validFraction: 0.1,
      from: 0,
      to: Date.now() + 1000,
      format: 'csv',
      content: bytes(Buffer.from('x')),
      fileName: 'x.jsonl',
      reason: 'x',
      override: {},
      limits: {},
    };
    const shape = verb.input.shape as Record<string, z.ZodType>;
    const input: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(shape)) {
      if (name in owned) input[name] = owned[name];
      else if (name in plain && !field.isOptional()) input[name] = plain[name];
    }
    if (verb.verbName === 'jobs.create' && 'training_file' in input) input.model = 'tiny';
    const parsed = verb.input.safeParse(input);
    return parsed.success ? parsed.data : input;
  }

  const codeOf = async (verb: Verb, principal: Principal, input: unknown = {}): Promise<string> =>
    verb(fixture.as(principal), input as never).then(
      () => 'ok',
      (error: { code?: string; message?: string }) => error.code ?? `threw ${error.message}`,
    );

  const ruleOf = (verb: Verb): Rule => verbRules[verb.verbName];
  const tenantVerbs = verbs.filter((verb) => ruleOf(verb).over === 'tenant');
  const keyOf = (principal: Person, scopes: string[]): Principal => ({
    kind: 'api_key',
    keyId: 'key_x',
    name: 'x',
    tenancy: principal.tenancy!,
    scopes: scopes as never,
    allowedModels: null,
    limits: { requestsPerMinute: null, tokensPerMinute: null, budgetMicros: null },
    serviceAccountId: null,
    ownerId: principal.userId,
  });

  it('has a verb for every rule', () => {
    const made = new Set(verbs.map(({ verbName }) => verbName));
    const missing = (Object.keys(verbRules) as VerbName[]).filter((name) => !made.has(name));
    expect(missing.sort()).toEqual([...elsewhere].sort());
  });

  it('refuses roles below the rule’s', async () => {
    for (const verb of tenantVerbs) {
      const rule = ruleOf(verb);
      for (const role of roleSchema.options) {
        if (rule.over !== 'tenant' || includesRole(role, rule.role)) continue;
        expect(await codeOf(verb, people[role]!), `${verb.verbName} as ${role}`).toBe('permission_denied');
      }
    }
  });

  it('refuses API keys without the scope, and altogether where no scope is for it', async () => {
    for (const verb of tenantVerbs) {
      const rule = ruleOf(verb);
      if (rule.over !== 'tenant') continue;
      expect(await codeOf(verb, keyOf(owner, [])), verb.verbName).toBe('permission_denied');
      const all = ['inference', 'models:read', 'files:read', 'files:write', 'jobs:read', 'jobs:write'];
      const others = all.filter((scope) => scope !== rule.scope);
      expect(await codeOf(verb, keyOf(owner, others)), verb.verbName).toBe('permission_denied');
    }
  });

  it('changes nothing for a suspended tenant or an admin who only looks', async () => {
    for (const verb of tenantVerbs.filter((one) => ruleOf(one).effect === 'write')) {
      const suspended = { ...owner, tenancy: { ...owner.tenancy!, suspended: true } };
      expect(await codeOf(verb, suspended), verb.verbName).toBe('tenant_suspended');
      expect(await codeOf(verb, { ...owner, viewing: true }), verb.verbName).toBe('permission_denied');
    }
  });

  it('refuses everyone but platform admins what is the platform’s, and people without an organisation what is a tenant’s', async () => {
    for (const verb of verbs) {
      const rule = ruleOf(verb);
      const nowhere = { ...owner, tenancy: null };
      if (rule.over === 'platform') expect(await codeOf(verb, owner), verb.verbName).toBe('permission_denied');
      if (rule.over === 'tenant') expect(await codeOf(verb, nowhere), verb.verbName).toBe('permission_denied');
      if (rule.over !== 'tenant') {
        expect(await codeOf(verb, keyOf(owner, ['jobs:write'])), verb.verbName).toBe('permission_denied');
      }
      expect(await codeOf(verb, { kind: 'system', name: 'x' }), verb.verbName).toBe('permission_denied');
    }
  });

  it('gives a stranger nothing and lets them change nothing, whatever they name', async () => {
    const tables = [
      'datasets',
      'fine_tuning_jobs',
      'adapters',
      'adapter_versions',
      'adapter_aliases',
      'api_keys',
      'members',
      'invitations',
      'service_accounts',
      'webhooks',
      'webhook_deliveries',
      'organisations',
    ];
    const orgId = owner.tenancy!.id;
    const snapshot = async () => {
      const parts: unknown[] = [];
      for (const table of tables) {
        const column = table === 'organisations' ? 'id' : 'org_id';
        const sql = `select to_jsonb(t)::text as row from ${table} t where ${column} = $1 order by 1`;
        parts.push(await fixture.services.database.query(sql, [orgId]));
      }
      return parts;
    };
    const before = await snapshot();
    for (const verb of verbs) {
      const rule = ruleOf(verb);
      if (rule.over === 'platform') continue;
      const input = inputOf(verb);
      const answer = await verb(fixture.as(stranger), input as never).then(
        (value) => JSON.stringify(value ?? null),
        (error: { code?: string; message: string }) => {
          expect(error.code, `${verb.verbName}: ${error.message}`).toBeDefined();
          expect(['internal'], `${verb.verbName}: ${error.message}`).not.toContain(error.code);
          return error.message;
        },
      );
      expect(answer, verb.verbName).not.toContain(canary);
    }
    expect(await snapshot()).toEqual(before);
  });
});
