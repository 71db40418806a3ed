import { ParapetError } from '@parapet/contracts/errors';
import {
  type FleetView,
  type ServeWorkerView,
  setTrainingPausedInputSchema,
  workerIdInputSchema,
} from '@parapet/contracts/portal/admin';
import { registerServeWorkerSchema, serveHeartbeatSchema } from '@parapet/contracts/serve-worker';
import { leaseRequestSchema } from '@parapet/contracts/train-worker';
import { fineTuningJobs, platformSettings, workers } from '@parapet/db/schema';
import type { Tx } from '@parapet/db/tenant';
import { and, asc, eq, gt } from 'drizzle-orm';
import { z } from 'zod';
import { trainingPausedSetting } from '../../queue/lease.ts';
import { defineVerb } from '../../verb.ts';

/** A worker silent for longer is shown as lost; the registry forgets it a day later. */
const lostMs = 10_000;
const shownMs = 24 * 3600 * 1000;

type WorkerRow = typeof workers.$inferSelect;

async function fleetView(tx: Tx, now: Date): Promise<FleetView> {
  const rows = await tx
    .select()
    .from(workers)
    .where(gt(workers.heartbeatAt, new Date(now.getTime() - shownMs)))
    .orderBy(asc(workers.createdAt), asc(workers.id));
  const running = await tx
    .select({ jobId: fineTuningJobs.id, worker: fineTuningJobs.leaseOwner })
    .from(fineTuningJobs)
    .where(eq(fineTuningJobs.status, 'running'));
  const jobOf = new Map(running.map(({ worker, jobId }) => [worker, jobId]));
  return {
    serve: rows.filter(({ kind }) => kind === 'serve').map((row) => serveView(row, now)),
    train: rows
      .filter(({ kind }) => kind === 'train')
      .map((row) => ({
        name: row.name,
        device: leaseRequestSchema.parse(row.registration).device,
        jobId: jobOf.get(row.name) ?? null,
        lastSeenAt: row.heartbeatAt.getTime(),
      })),
    trainingPaused: await trainingPaused(tx),
  };
}

function serveView(row: WorkerRow, now: Date): ServeWorkerView {
  const { url, baseModel, device, maxRows, maxQueue, kvCapacityTokens } = registerServeWorkerSchema.parse(
    row.registration,
  );
  const beat = row.heartbeat === null ? null : serveHeartbeatSchema.parse(row.heartbeat);
  const lost = now.getTime() - row.heartbeatAt.getTime() > lostMs;
  return {
    id: row.id,
    url,
    baseModel: baseModel.name,
    device,
    weights: baseModel.weights,
    state: lost ? 'lost' : beat?.healthy === false ? 'wedged' : drains(row, beat) ? 'draining' : 'healthy',
    running: beat?.running ?? 0,
    waiting: beat?.waiting ?? 0,
    maxRows,
    maxQueue,
    kvUsage: beat?.kvUsage ?? 0,
    kvCapacityTokens,
    residentAdapters: beat?.residentAdapters.length ?? 0,
    residentAdapterBytes: beat?.residentAdapterBytes ?? 0,
    stepMsP50: beat?.stepMsP50 ?? null,
    stepMsP99: beat?.stepMsP99 ?? null,
    adapterTax: beat?.adapterTax ?? null,
    // A heartbeat counts what was generated since the one before, and one comes each second.
    tokensPerSecond: lost ? null : (beat?.generatedTokens ?? null),
    registeredAt: row.createdAt.getTime(),
    lastSeenAt: row.heartbeatAt.getTime(),
  };
}

/** Told to drain, or draining already: the order shows before the worker has heard it. */
const drains = (row: WorkerRow, beat: { draining: boolean } | null) =>
  typeof row.control?.drain === 'boolean' ? row.control.drain : (beat?.draining ?? false);

async function trainingPaused(tx: Tx): Promise<boolean> {
  const [setting] = await tx
    .select({ value: platformSettings.value })
    .from(platformSettings)
    .where(eq(platformSettings.key, trainingPausedSetting));
  return setting?.value === true;
}

/** Engines and trainers: load, queue, memory, step times. */
export const getFleet = defineVerb('admin.fleet.get', z.void(), ({ read, now }) => read((tx) => fleetView(tx, now)));

async function setDrain(tx: Tx, workerId: string, drain: boolean, now: Date) {
  const [row] = await tx
    .select()
    .from(workers)
    .where(and(eq(workers.id, workerId), eq(workers.kind, 'serve')))
    .for('update');
  if (!row) throw new ParapetError('not_found', 'There is no serve worker of that id.');
  const control = { ...row.control, drain };
  await tx.update(workers).set({ control, updatedAt: now }).where(eq(workers.id, workerId));
  return {
    view: await fleetView(tx, now),
    audit: {
      target: { kind: 'worker', id: workerId },
      before: { drain: row.control?.drain ?? false },
      after: { drain },
    },
  };
}

/** Lets an engine finish what runs and take nothing new; it hears it at its next heartbeat. */
export const drainWorker = defineVerb('admin.fleet.drain', workerIdInputSchema, ({ write, now }, { workerId }) =>
  write((tx) => setDrain(tx, workerId, true, now)),
);

export const undrainWorker = defineVerb('admin.fleet.undrain', workerIdInputSchema, ({ write, now }, { workerId }) =>
  write((tx) => setDrain(tx, workerId, false, now)),
);

/** Stops new training leases, or lets them again. Running jobs go on. */
export const setTrainingPaused = defineVerb(
  'admin.fleet.setTrainingPaused',
  setTrainingPausedInputSchema,
  ({ write, now }, { paused }) =>
    write(async (tx) => {
      const before = await trainingPaused(tx);
      const row = { value: paused, updatedAt: now };
      await tx
        .insert(platformSettings)
        .values({ key: trainingPausedSetting, ...row })
        .onConflictDoUpdate({ target: platformSettings.key, set: row });
      return {
        view: await fleetView(tx, now),
        audit: {
          target: { kind: 'setting', id: trainingPausedSetting },
          before: { paused: before },
          after: { paused },
        },
      };
    }),
);
