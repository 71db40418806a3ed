import { newId } from '@parapet/contracts/ids';
import { createFineTuningJobSchema } from '@parapet/contracts/openai-fine-tuning';
import { createKeyInputSchema } from '@parapet/contracts/portal/keys';
import { baseModels } from '@parapet/db/schema';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KeyAuthenticator } from '../keys/authenticator.ts';
import { sessionPrincipal } from '../organisations/people.ts';
import { leaseNextJob } from '../queue/lease.ts';
import { ControlFixture, type Person } from '../testing/control-fixture.ts';
import { setTrainingPaused } from '../verbs/admin/fleet.ts';
import { getTenant } from '../verbs/admin/get-tenant.ts';
import { impersonateTenant } from '../verbs/admin/impersonate-tenant.ts';
import { cancelAdminJob, listAdminJobs, setJobPriority } from '../verbs/admin/jobs.ts';
import { listTenants } from '../verbs/admin/list-tenants.ts';
import { overrideQuota } from '../verbs/admin/override-quota.ts';
import { createPlan, deletePlan, listPlans } from '../verbs/admin/plans.ts';
import { setPlan } from '../verbs/admin/set-plan.ts';
import { suspendTenant, unsuspendTenant } from '../verbs/admin/suspend-tenant.ts';
import { exportAudit } from '../verbs/audit/export-audit.ts';
import { listAudit } from '../verbs/audit/list-audit.ts';
import { verifyAudit } from '../verbs/audit/verify-audit.ts';
import { createDataset, createDatasetInputSchema } from '../verbs/datasets/create-dataset.ts';
import { createJob } from '../verbs/jobs/create-job.ts';
import { createKey } from '../verbs/keys/create-key.ts';
import { revokeKey } from '../verbs/keys/revoke-key.ts';
import { getQuota } from '../verbs/usage/get-quota.ts';

const baseDigest = 'b'.repeat(64);
const worker = { workerName: 'w', device: { kind: 'cpu' as const, name: 'test' }, baseDigests: [baseDigest] };

describe('administration', () => {
  let fixture: ControlFixture;
  let admin: Person;
  let owner: Person;
  let organisationId: string;
  beforeAll(async () => {
    fixture = await ControlFixture.open();
    admin = await fixture.person('Admin', true);
    const made = await fixture.organisation('Acme');
    owner = made.owner;
    organisationId = made.id;
    const base = { id: newId('baseModel'), name: 'tiny', digest: baseDigest, source: 'builtin', isDefault: true };
    await fixture.services.database.db.insert(baseModels).values(base);
  });
  afterAll(() => fixture.close());

  const upload = (from: number) =>
    createDataset(
      fixture.as(owner),
      createDatasetInputSchema.parse({
        fileName: 'train.jsonl',
        content: (async function* () {
          for (let i = from; i < from + 12; i++) yield Buffer.from(`{"prompt":"q${i}","completion":"a${i}"}\n`);
        })(),
      }),
    );
  const start = async (from: number) =>
    createJob(
      fixture.as(owner),
      createFineTuningJobSchema.parse({ model: 'tiny', training_file: (await upload(from)).id }),
    );

  it('lists tenants with their plan and use', async () => {
    const { items } = await listTenants(fixture.as(admin), { limit: 50, sort: 'name', search: 'acm' });
    expect(items).toMatchObject([{ id: organisationId, name: 'Acme', plan: { name: 'Standard' }, members: 1 }]);
  });

  it('suspends: keys and changes are refused within a second, and work again afterwards', async () => {
    const { secret } = await createKey(fixture.as(owner), createKeyInputSchema.parse({ name: 'k' }));
    let aheadMs = 0;
    const clock = () => new Date(Date.now() + aheadMs);
    const keys = new KeyAuthenticator({ ...fixture.services, now: clock });
    const isSuspended = async () => (await keys.authenticate(secret)).tenancy.suspended;
    expect(await isSuspended()).toBe(false);
    await suspendTenant(fixture.as(admin), { organisationId, reason: 'unpaid' });
    aheadMs = 1000;
    expect(await isSuspended()).toBe(true);
    expect(await getTenant(fixture.as(admin), { organisationId })).toMatchObject({
      suspended: true,
      suspendedReason: 'unpaid',
    });
    await unsuspendTenant(fixture.as(admin), { organisationId });
    aheadMs = 2000;
    expect(await isSuspended()).toBe(false);
    await keys.close();
  });

  it('overrides a quota and takes it back: both sides see it at once', async () => {
    const jobs = async () =>
      (await getQuota(fixture.as(owner), undefined)).lines.find(({ name }) => name === 'datasetBytes');
    await overrideQuota(fixture.as(admin), { organisationId, override: { datasetBytes: 10 } });
    expect(await jobs()).toMatchObject({ limit: 10, source: 'override' });
    await expect(upload(0)).rejects.toMatchObject({ code: 'insufficient_quota' });
    await overrideQuota(fixture.as(admin), { organisationId, override: {} });
    expect(await jobs()).toMatchObject({ source: 'plan' });
    await upload(0);
  });

  it('makes plans, moves tenants to them, and keeps those in use', async () => {
    const [standard] = await listPlans(fixture.as(admin), undefined);
    const limits = { ...standard!.limits, concurrentJobs: 1 };
    const plan = await createPlan(fixture.as(admin), { name: 'Small', limits });
    expect((await setPlan(fixture.as(admin), { organisationId, planId: plan.id })).plan.name).toBe('Small');
    await expect(deletePlan(fixture.as(admin), { planId: plan.id })).rejects.toMatchObject({ code: 'conflict' });
    await setPlan(fixture.as(admin), { organisationId, planId: standard!.id });
    await deletePlan(fixture.as(admin), { planId: plan.id });
  });

  it('pauses training for all, reorders and cancels jobs', async () => {
    const [first, second] = [await start(100), await start(200)];
    await setTrainingPaused(fixture.as(admin), { paused: true });
    expect(await leaseNextJob(fixture.services, worker)).toBeNull();
    await setTrainingPaused(fixture.as(admin), { paused: false });
    await setJobPriority(fixture.as(admin), { jobId: second.id, priority: 5 });
    expect((await leaseNextJob(fixture.services, worker))?.jobId).toBe(second.id);
    await cancelAdminJob(fixture.as(admin), { jobId: first.id });
    const { items } = await listAdminJobs(fixture.as(admin), { limit: 50, organisationId, order: 'queue' });
    expect(items.map(({ id, status, requested }) => [id, status, requested])).toEqual([
      [second.id, 'running', null],
      [first.id, 'cancelled', null],
    ]);
    const idsBy = async (order: 'newest' | 'oldest') =>
      (await listAdminJobs(fixture.as(admin), { limit: 50, organisationId, order })).items.map(({ id }) => id);
    expect(await idsBy('oldest')).toEqual([first.id, second.id]);
    expect(await idsBy('newest')).toEqual([second.id, first.id]);
  });

  it('lets an admin look, for an hour, changing nothing, and says so in the tenant’s own log', async () => {
    await impersonateTenant(fixture.as(admin), { organisationId, reason: 'a support case' });
    const looking = await sessionPrincipal(fixture.services, admin.sessionId, null);
    expect(looking).toMatchObject({ viewing: true, tenancy: { id: organisationId } });
    const refused = createKey(fixture.as(looking!), createKeyInputSchema.parse({ name: 'k' }));
    await expect(refused).rejects.toMatchObject({ code: 'permission_denied' });
    const later = { ...fixture.services, now: () => new Date(Date.now() + 3_700_000) };
    expect(await sessionPrincipal({ ...later }, admin.sessionId, null)).toBeNull(); // the fixture's sessions last an hour
    const { items } = await listAudit(fixture.as(owner), { limit: 1, order: 'newest' });
    expect(items[0]).toMatchObject({
      action: 'admin.tenants.impersonate',
      actor: { name: 'Admin' },
      after: { reason: 'a support case' },
    });
  });

  it('keeps a log that can be filtered and exported, and shows when a row was changed or is missing', async () => {
    const { key } = await createKey(fixture.as(owner), createKeyInputSchema.parse({ name: '=cmd' }));
    await revokeKey(fixture.as(owner), { keyId: key.id });
    const listed = (order: 'newest' | 'oldest', cursor?: string) =>
      listAudit(fixture.as(owner), { limit: cursor ? 1 : 50, targetId: key.id, order, cursor });
    const { items } = await listed('newest');
    expect(items.map(({ action }) => action)).toEqual(['keys.revoke', 'keys.create']);
    expect((await listed('oldest')).items.map(({ id }) => id)).toEqual([items[1]!.id, items[0]!.id]);
    expect((await listed('oldest', items[1]!.id)).items.map(({ id }) => id)).toEqual([items[0]!.id]);
    expect((await listed('oldest', items[0]!.id)).items).toEqual([]);
    const csv = await exportAudit(fixture.as(owner), { format: 'csv', targetId: key.id });
    expect(csv.content.trim().split('\n')).toHaveLength(3);
    expect(await verifyAudit(fixture.as(owner), undefined)).toMatchObject({ intact: true, brokenAt: null });

    const { database } = fixture.services;
    const changed = `update audit_log set actor_name = 'someone else' where id = $1`;
    await expect(database.query(changed, [items[1]!.id])).rejects.toThrow(/append-only/);
    await database.script('alter table audit_log disable trigger all');
    await database.query(changed, [items[1]!.id]);
    expect(await verifyAudit(fixture.as(owner), undefined)).toMatchObject({ intact: false, brokenAt: items[1]!.id });
    await database.query('update audit_log set actor_name = $2 where id = $1', [items[1]!.id, owner.name]);
    expect(await verifyAudit(fixture.as(owner), undefined)).toMatchObject({ intact: true });
    await database.query('delete from audit_log where id = $1', [items[1]!.id]);
    expect(await verifyAudit(fixture.as(owner), undefined)).toMatchObject({ intact: false });
  });
});
