import { newId } from '@parapet/contracts/ids';
import type { QuantiseResult, VerifyResult } from '@parapet/contracts/model-task';
import { auditLog, baseModels } from '@parapet/db/schema';
import { like } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  failLostModelTasks,
  finishModelTask,
  leaseModelTask,
  modelTaskTtlMs,
  progressModelTask,
} from '../queue/model-tasks.ts';
import { ControlFixture, type Person } from '../testing/control-fixture.ts';
import { addBaseModel, listBaseModels, restoreBaseModel, retireBaseModel } from '../verbs/admin/base-models.ts';
import { cancelModelTask, quantiseBaseModel, verifyBaseModel } from '../verbs/admin/model-tasks.ts';

const digest = 'b'.repeat(64);
const worker = { worker: 'serve@here', baseDigest: digest };
const verified: VerifyResult = {
  kind: 'verify',
  files: [{ name: 'model.safetensors', bytes: 12, sha256: 'c'.repeat(64) }],
  against: 'none',
  digest,
  parameters: 1000,
  contextTokens: 256,
  tensors: 21,
  texts: 5,
  question: 'q',
  answer: 'a',
  ms: 5,
};
const quantised: QuantiseResult = {
  kind: 'quantise',
  weights: 'int8',
  bytes: 10,
  fp32Bytes: 40,
  positions: 100,
  agreement: 0.97,
  perplexity: 20.1,
  fp32Perplexity: 20,
  ms: 7,
};

describe('tasks on base models', () => {
  let fixture: ControlFixture;
  let admin: Person;
  let baseModelId: string;
  beforeAll(async () => {
    fixture = await ControlFixture.open();
    admin = await fixture.person('Admin', true);
  });
  afterAll(() => fixture.close());
  beforeEach(async () => {
    await fixture.services.database.db.delete(baseModels);
    baseModelId = newId('baseModel');
    const base = { id: baseModelId, name: 'tiny', digest, source: 'builtin', isDefault: true };
    await fixture.services.database.db.insert(baseModels).values(base);
  });

  const view = async (id = baseModelId) =>
    (await listBaseModels(fixture.as(admin), undefined)).find((model) => model.id === id)!;
  const lease = async () => (await leaseModelTask(fixture.services, worker))!;

  it('goes from the admin’s order through a worker to the shown result, with an audit row', async () => {
    await verifyBaseModel(fixture.as(admin), { baseModelId });
    expect((await view()).task).toMatchObject({ kind: 'verify', status: 'queued', step: null });
    const { taskId, fencingToken, recordedFiles } = await lease();
    expect(recordedFiles).toBeNull();
    await progressModelTask(fixture.services, taskId, { fencingToken, step: 'tensors', done: 0.5 });
    expect((await view()).task).toMatchObject({ status: 'running', step: 'tensors', done: 0.5, worker: 'serve@here' });
    await finishModelTask(fixture.services, taskId, {
      fencingToken,
      outcome: { status: 'succeeded', result: verified },
    });
    expect(await view()).toMatchObject({ task: null, verification: { status: 'succeeded', result: verified } });
    const rows = await fixture.services.database.db
      .select()
      .from(auditLog)
      .where(like(auditLog.action, 'admin.baseModels.verify'));
    expect(rows.some((row) => row.targetId === baseModelId)).toBe(true);
  });

  it('hands the files that were right to the next verification', async () => {
    await verifyBaseModel(fixture.as(admin), { baseModelId });
    const first = await lease();
    const outcome = { status: 'succeeded' as const, result: verified };
    await finishModelTask(fixture.services, first.taskId, { fencingToken: first.fencingToken, outcome });
    await verifyBaseModel(fixture.as(admin), { baseModelId });
    expect((await lease()).recordedFiles).toEqual(verified.files);
  });

  it('does one thing at a time to a model, whoever asks', async () => {
    const asked = await Promise.allSettled([
      quantiseBaseModel(fixture.as(admin), { baseModelId, weights: 'int8' }),
      quantiseBaseModel(fixture.as(admin), { baseModelId, weights: 'q4' }),
      verifyBaseModel(fixture.as(admin), { baseModelId }),
    ]);
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const [a, b] = await Promise.all([lease(), lease()]);
    expect([a, b].filter((one) => one !== null)).toHaveLength(1);
  });

  it('keeps the last quantisation of each kind, and says why one failed', async () => {
    for (const outcome of [
      { status: 'succeeded' as const, result: quantised },
      { status: 'failed' as const, error: 'The disk is full.' },
    ]) {
      await quantiseBaseModel(fixture.as(admin), { baseModelId, weights: 'int8' });
      const { taskId, fencingToken, weights } = await lease();
      expect(weights).toBe('int8');
      await finishModelTask(fixture.services, taskId, { fencingToken, outcome });
    }
    expect((await view()).quantisations).toMatchObject([{ status: 'failed', error: 'The disk is full.' }]);
    await quantiseBaseModel(fixture.as(admin), { baseModelId, weights: 'q4' });
    const q4 = await lease();
    const result = { ...quantised, weights: 'q4' as const };
    const outcome = { status: 'succeeded' as const, result };
    await finishModelTask(fixture.services, q4.taskId, { fencingToken: q4.fencingToken, outcome });
    expect((await view()).quantisations.map(({ weights, status }) => [weights, status])).toEqual([
      ['int8', 'failed'],
      ['q4', 'succeeded'],
    ]);
  });

  it('says so when the worker was lost, and takes nothing from it any more', async () => {
    await verifyBaseModel(fixture.as(admin), { baseModelId });
    const { taskId, fencingToken } = await lease();
    expect(await failLostModelTasks(fixture.services)).toBe(0);
    const late = { ...fixture.services, now: () => new Date(Date.now() + modelTaskTtlMs + 1000) };
    expect(await failLostModelTasks(late)).toBe(1);
    expect((await view()).verification?.error).toContain('lost');
    const outcome = { status: 'succeeded' as const, result: verified };
    await expect(finishModelTask(fixture.services, taskId, { fencingToken, outcome })).rejects.toMatchObject({
      code: 'stale_lease',
    });
  });

  it('is cancelled at the worker’s next report', async () => {
    await verifyBaseModel(fixture.as(admin), { baseModelId });
    const { taskId, fencingToken } = await lease();
    await cancelModelTask(fixture.as(admin), { baseModelId });
    await expect(
      progressModelTask(fixture.services, taskId, { fencingToken, step: 'files', done: 1 }),
    ).rejects.toMatchObject({ code: 'stale_lease' });
    expect((await view()).task).toBeNull();
  });

  it('learns digest and numbers of a folder that no worker has loaded, unless another model has them', async () => {
    await addBaseModel(fixture.as(admin), { name: 'fresh', source: '/models/fresh' });
    const fresh = (await listBaseModels(fixture.as(admin), undefined)).find(({ name }) => name === 'fresh')!;
    for (const [found, error] of [
      [digest, 'These are the weights of tiny'],
      ['d'.repeat(64), null],
    ] as const) {
      await verifyBaseModel(fixture.as(admin), { baseModelId: fresh.id });
      const { taskId, fencingToken, path, baseDigest } = await lease();
      expect([path, baseDigest]).toEqual(['/models/fresh', null]);
      const outcome = { status: 'succeeded' as const, result: { ...verified, digest: found } };
      await finishModelTask(fixture.services, taskId, { fencingToken, outcome });
      const seen = await view(fresh.id);
      if (error === null) expect(seen).toMatchObject({ digest: found, parameters: 1000, contextTokens: 256 });
      else expect(seen.verification?.error).toContain(error);
    }
  });

  it('refuses what no worker could do, and says what to do', async () => {
    await addBaseModel(fixture.as(admin), { name: 'hub', source: 'someone/model' });
    const hub = (await listBaseModels(fixture.as(admin), undefined)).find(({ name }) => name === 'hub')!;
    await expect(verifyBaseModel(fixture.as(admin), { baseModelId: hub.id })).rejects.toThrow('PARAPET_MODEL_DIR');
    await expect(quantiseBaseModel(fixture.as(admin), { baseModelId: hub.id, weights: 'int8' })).rejects.toThrow(
      'start one with it first',
    );
  });

  it('takes a retirement back', async () => {
    await fixture.services.database.db.update(baseModels).set({ isDefault: false });
    await retireBaseModel(fixture.as(admin), { baseModelId });
    expect((await view()).state).toBe('retired');
    await restoreBaseModel(fixture.as(admin), { baseModelId });
    expect((await view()).state).toBe('ready');
    await expect(restoreBaseModel(fixture.as(admin), { baseModelId })).rejects.toThrow('not retired');
  });

  it('keeps a bounded number of tasks', async () => {
    for (let i = 0; i < 25; i++) {
      await verifyBaseModel(fixture.as(admin), { baseModelId });
      await cancelModelTask(fixture.as(admin), { baseModelId });
    }
    const count = await fixture.services.database.query<{ n: number }>('select count(*)::int as n from model_tasks');
    expect(count[0]!.n).toBeLessThanOrEqual(21);
  });
});
