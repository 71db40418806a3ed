import { resolveModel } from '@parapet/adapter-store/catalogue';
import { newId } from '@parapet/contracts/ids';
import { createFineTuningJobSchema } from '@parapet/contracts/openai-fine-tuning';
import type { StepMetrics } from '@parapet/contracts/recipe';
import { baseModels } from '@parapet/db/schema';
import { withTenant } from '@parapet/db/tenant';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adapterFile, ControlFixture, type Person } from '../testing/control-fixture.ts';
import { createDataset, createDatasetInputSchema } from '../verbs/datasets/create-dataset.ts';
import { cancelJob } from '../verbs/jobs/cancel-job.ts';
import { createJob } from '../verbs/jobs/create-job.ts';
import { getJob } from '../verbs/jobs/get-job.ts';
import { listEvents } from '../verbs/jobs/list-events.ts';
import { pauseJob } from '../verbs/jobs/pause-job.ts';
import { resumeJob } from '../verbs/jobs/resume-job.ts';
import { finishJob } from './finish.ts';
import { heartbeatJob } from './heartbeat.ts';
import { leaseNextJob, leaseTtlMs } from './lease.ts';
import { recordCheckpoint } from './record-checkpoint.ts';
import { recordEvents } from './record-events.ts';
import { requeueExpiredLeases } from './requeue.ts';

const baseDigest = 'b'.repeat(64);
const worker = { workerName: 'trainer', device: { kind: 'cpu' as const, name: 'test' }, baseDigests: [baseDigest] };
const metrics = (step: number): StepMetrics => ({
  step,
  totalSteps: 10,
  epoch: step / 10,
  trainLoss: 1 / step,
  trainTokenAccuracy: 0.5,
  learningRate: 0.01,
  gradNorm: 1,
  tokensPerSecond: 100,
  trainedTokens: step * 10,
  etaSeconds: 1,
  memoryBytes: 1,
  validLoss: null,
  validTokenAccuracy: null,
});

describe('the training queue', () => {
  let fixture: ControlFixture;
  beforeAll(async () => {
    fixture = await ControlFixture.open();
    await fixture.services.database.db
      .insert(baseModels)
      .values({ id: newId('baseModel'), name: 'tiny', digest: baseDigest, source: 'builtin', isDefault: true });
  });
  afterAll(() => fixture.close());

  const upload = (by: Person, rows = 12) =>
    createDataset(
      fixture.as(by),
      createDatasetInputSchema.parse({
        fileName: 'train.jsonl',
        content: (async function* () {
          for (let i = 0; i < rows; i++) yield Buffer.from(`{"prompt":"question ${i}","completion":"answer ${i}"}\n`);
        })(),
      }),
    );
  const start = async (by: Person, more: object = {}) => {
    const file = await upload(by);
    return createJob(
      fixture.as(by),
      createFineTuningJobSchema.parse({ model: 'tiny', training_file: file.id, ...more }),
    );
  };
  const lease = async () => {
    const taken = await leaseNextJob(fixture.services, worker);
    if (taken === null) throw new Error('nothing to lease');
    return taken;
  };

  it('carries a job from its file to a callable adapter', async () => {
    const { owner, id: orgId } = await fixture.organisation('Carrier');
    const job = await start(owner, { suffix: 'mail', seed: 7 });
    expect(job).toMatchObject({ status: 'queued', seed: 7, queuePosition: { own: 1 }, totalSteps: 12 });
    const taken = await lease();
    expect(taken).toMatchObject({ jobId: job.id, fencingToken: 1, resumeFrom: null, validFile: null });
    const fence = { fencingToken: taken.fencingToken };
    await recordEvents(fixture.services, job.id, {
      ...fence,
      metrics: [metrics(1), metrics(2)],
      messages: [],
      samples: [],
    });
    // A repeated report adds nothing.
    await recordEvents(fixture.services, job.id, { ...fence, metrics: [metrics(2)], messages: [], samples: [] });
    expect(await heartbeatJob(fixture.services, job.id, { ...fence, deviceMicros: 1000, step: 2 })).toEqual({
      action: 'continue',
    });
    // Seen while it runs, not only when its lease has ended.
    expect(await getJob(fixture.as(owner), { jobId: job.id })).toMatchObject({ deviceMicros: 1000 });
    const events = await listEvents(fixture.as(owner), { jobId: job.id, limit: 50, type: 'metrics' });
    expect(events.items.map(({ data }) => data?.step)).toEqual([2, 1]);

    const { digest } = await fixture.services.blobs.write(adapterFile(baseDigest));
    const outcome = {
      status: 'succeeded' as const,
      adapterDigest: digest,
      steps: 10,
      trainedTokens: 100,
      finalMetrics: metrics(10),
      bestStep: 10,
      stoppedEarly: false,
    };
    await finishJob(fixture.services, job.id, { ...fence, deviceMicros: 2000, outcome });
    await finishJob(fixture.services, job.id, { ...fence, deviceMicros: 2000, outcome });
    const done = await getJob(fixture.as(owner), { jobId: job.id });
    expect(done).toMatchObject({ status: 'succeeded', deviceMicros: 2000, trainedTokens: 100 });
    expect(done.fineTunedModel).toMatch(/^ft:tiny:carrier:mail:\w{10}$/);
    const found = await withTenant(fixture.services.database.db, orgId, (tx) =>
      resolveModel(tx, orgId, done.fineTunedModel ?? ''),
    );
    expect(found).toMatchObject({ digest, version: 1 });
    const usage = await fixture.services.database.query<{ gpu_micros: number; trained_tokens: number }>(
      'select gpu_micros, trained_tokens from usage_events where org_id = $1',
      [orgId],
    );
    expect(usage).toEqual([{ gpu_micros: 2000, trained_tokens: 100 }]);
    expect(await leaseNextJob(fixture.services, worker)).toBeNull();

    // The same suffix again is the next version of the same adapter.
    const again = await start(owner, { suffix: 'mail' });
    const second = await lease();
    await finishJob(fixture.services, again.id, { fencingToken: second.fencingToken, deviceMicros: 1, outcome });
    const next = await getJob(fixture.as(owner), { jobId: again.id });
    expect(next.adapterId).toBe(done.adapterId);
  });

  it('refuses a worker whose lease is another’s, and resumes from the last checkpoint', async () => {
    const { owner } = await fixture.organisation('Fence');
    const job = await start(owner);
    const first = await lease();
    const state = await fixture.services.blobs.write(Buffer.from('state'));
    const report = {
      fencingToken: first.fencingToken,
      step: 4,
      stateDigest: state.digest,
      adapterDigest: null,
      metrics: null,
    };
    await recordCheckpoint(fixture.services, job.id, report);
    await heartbeatJob(fixture.services, job.id, { fencingToken: first.fencingToken, deviceMicros: 700, step: 4 });
    const late = { ...fixture.services, now: () => new Date(Date.now() + leaseTtlMs + 1000) };
    expect(await requeueExpiredLeases(late)).toBe(1);
    const second = await lease();
    expect(second).toMatchObject({
      jobId: job.id,
      fencingToken: 2,
      resumeFrom: { step: 4, stateDigest: state.digest },
    });
    const stale = { code: 'stale_lease' };
    const beat = { fencingToken: first.fencingToken, deviceMicros: 0, step: 5 };
    await expect(heartbeatJob(fixture.services, job.id, beat)).rejects.toMatchObject(stale);
    await expect(recordCheckpoint(fixture.services, job.id, report)).rejects.toMatchObject(stale);
    await expect(
      finishJob(fixture.services, job.id, { fencingToken: 1, deviceMicros: 0, outcome: { status: 'cancelled' } }),
    ).rejects.toMatchObject(stale);
    await cancelJob(fixture.as(owner), { jobId: job.id });
    const verdict = await heartbeatJob(fixture.services, job.id, { fencingToken: 2, deviceMicros: 5, step: 5 });
    expect(verdict).toEqual({ action: 'cancel' });
    await finishJob(fixture.services, job.id, { fencingToken: 2, deviceMicros: 5, outcome: { status: 'cancelled' } });
    expect(await getJob(fixture.as(owner), { jobId: job.id })).toMatchObject({
      status: 'cancelled',
      requested: null,
      // The lost lease's and the last one's, each once.
      deviceMicros: 705,
    });
  });

  it('fails a job whose workers are lost again and again', async () => {
    const { owner } = await fixture.organisation('Lost');
    const job = await start(owner);
    const late = { ...fixture.services, now: () => new Date(Date.now() + leaseTtlMs + 1000) };
    for (let i = 0; i < 5; i++) {
      await lease();
      await requeueExpiredLeases(late);
    }
    expect(await getJob(fixture.as(owner), { jobId: job.id })).toMatchObject({
      status: 'failed',
      error: { code: 'worker_lost' },
    });
  });

  it('pauses and resumes; a waiting job at once', async () => {
    const { owner } = await fixture.organisation('Pauser');
    const { id: jobId } = await start(owner);
    expect(await pauseJob(fixture.as(owner), { jobId })).toMatchObject({ status: 'paused' });
    expect(await leaseNextJob(fixture.services, worker)).toBeNull();
    await expect(pauseJob(fixture.as(owner), { jobId })).rejects.toMatchObject({ code: 'conflict' });
    expect(await resumeJob(fixture.as(owner), { jobId })).toMatchObject({ status: 'queued' });
    const taken = await lease();
    await finishJob(fixture.services, jobId, {
      fencingToken: taken.fencingToken,
      deviceMicros: 0,
      outcome: { status: 'paused' },
    });
    expect(await getJob(fixture.as(owner), { jobId })).toMatchObject({ status: 'paused', finishedAt: null });
    await cancelJob(fixture.as(owner), { jobId });
  });

  it('shares fairly: who asked first with many jobs does not hold up the others, and no one exceeds their limit', async () => {
    const many = (await fixture.organisation('Many')).owner;
    const few = (await fixture.organisation('Few')).owner;
    const others = [await start(many), await start(many), await start(many)];
    const one = await start(few);
    const order = [(await lease()).jobId, (await lease()).jobId, (await lease()).jobId];
    expect(order).toEqual([others[0]?.id, one.id, others[1]?.id]);
    // The standard plan runs two jobs at once.
    expect(await leaseNextJob(fixture.services, worker)).toBeNull();
  });

  it('refuses foreign files, unknown models and foreign jobs', async () => {
    const mine = (await fixture.organisation('Mine')).owner;
    const theirs = (await fixture.organisation('Theirs')).owner;
    const file = await upload(theirs);
    const ask = (model: string, id: string) =>
      createJob(fixture.as(mine), createFineTuningJobSchema.parse({ model, training_file: id }));
    await expect(ask('tiny', file.id)).rejects.toMatchObject({
      code: 'not_found',
      details: { param: 'training_file' },
    });
    await expect(ask('gpt', (await upload(mine)).id)).rejects.toMatchObject({ code: 'model_not_found' });
    const job = await start(theirs);
    for (const verb of [getJob, cancelJob, pauseJob]) {
      await expect(verb(fixture.as(mine), { jobId: job.id })).rejects.toMatchObject({ code: 'not_found' });
    }
  });
});
