import { ParapetError } from '@parapet/contracts/errors';
import type {
  ModelTaskFinish,
  ModelTaskLease,
  ModelTaskLeaseRequest,
  ModelTaskProgress,
  VerifyResult,
} from '@parapet/contracts/model-task';
import { baseModels, modelTasks } from '@parapet/db/schema';
import { asPlatform, type Tx } from '@parapet/db/tenant';
import { and, eq, lt, ne, sql } from 'drizzle-orm';
import type { ControlServices } from '../context.ts';
import { type ModelTaskRow, resultOf, tasksOf } from '../models/model-task-view.ts';

/** A lease that is not renewed for this long is lost; workers report every few seconds. */
export const modelTaskTtlMs = 30_000;

/** The oldest waiting task that this worker can do: of its own model, or of a folder that no worker has loaded. */
export async function leaseModelTask(
  services: ControlServices,
  { worker, baseDigest }: ModelTaskLeaseRequest,
): Promise<ModelTaskLease | null> {
  const now = services.now();
  return asPlatform(services.database.db, async (tx) => {
    const [found] = await tx
      .select({ task: modelTasks, model: baseModels })
      .from(modelTasks)
      .innerJoin(baseModels, eq(baseModels.id, modelTasks.baseModelId))
      .where(
        and(
          eq(modelTasks.status, 'queued'),
          sql`(${baseModels.digest} = ${baseDigest} or (${baseModels.digest} is null and ${modelTasks.kind} = 'verify'))`,
        ),
      )
      .orderBy(modelTasks.createdAt, modelTasks.id)
      .limit(1)
      .for('update', { of: modelTasks, skipLocked: true });
    if (!found) return null;
    const { task, model } = found;
    const fencingToken = task.fencingToken + 1;
    await tx
      .update(modelTasks)
      .set({ status: 'running', fencingToken, leaseOwner: worker, leaseExpiresAt: expiry(now), updatedAt: now })
      .where(eq(modelTasks.id, task.id));
    return {
      taskId: task.id,
      fencingToken,
      kind: task.kind,
      model: model.name,
      weights: task.weights,
      path: model.digest === null ? model.source : null,
      baseDigest: model.digest,
      recordedFiles: await recordedFiles(tx, model.id),
    };
  });
}

/** Notes how far a task is and renews its lease. @throws ParapetError `stale_lease` */
export async function progressModelTask(
  services: ControlServices,
  taskId: string,
  { fencingToken, step, done }: ModelTaskProgress,
): Promise<void> {
  const now = services.now();
  await asPlatform(services.database.db, async (tx) => {
    await lockLeased(tx, taskId, fencingToken);
    await tx
      .update(modelTasks)
      .set({ progress: { step, done }, leaseExpiresAt: expiry(now), updatedAt: now })
      .where(eq(modelTasks.id, taskId));
  });
}

/** Books a task's end. A first verification makes the model's digest and numbers known. */
export async function finishModelTask(
  services: ControlServices,
  taskId: string,
  { fencingToken, outcome }: ModelTaskFinish,
): Promise<void> {
  const now = services.now();
  await asPlatform(services.database.db, async (tx) => {
    const task = await lockLeased(tx, taskId, fencingToken);
    let error = outcome.status === 'failed' ? outcome.error : null;
    if (outcome.status === 'succeeded' && outcome.result.kind === 'verify')
      error = await learn(tx, task.baseModelId, outcome.result, now);
    const result = error === null && outcome.status === 'succeeded' ? { ...outcome.result } : null;
    const status = error === null ? ('succeeded' as const) : ('failed' as const);
    await tx
      .update(modelTasks)
      .set({ status, result, error, leaseExpiresAt: null, finishedAt: now, updatedAt: now })
      .where(eq(modelTasks.id, taskId));
  });
}

/** Ends tasks whose worker was lost: an admin starts them again. Any gateway may call it at any time. */
export async function failLostModelTasks(services: ControlServices): Promise<number> {
  const now = services.now();
  return asPlatform(services.database.db, async (tx) => {
    const lost = await tx
      .update(modelTasks)
      .set({
        status: 'failed',
        error: 'The worker that did it was lost, or restarted. Start it again; if it is lost again, its log says why.',
        leaseExpiresAt: null,
        finishedAt: now,
        updatedAt: now,
      })
      .where(and(eq(modelTasks.status, 'running'), lt(modelTasks.leaseExpiresAt, now)))
      .returning({ id: modelTasks.id });
    return lost.length;
  });
}

const expiry = (now: Date) => new Date(now.getTime() + modelTaskTtlMs);

async function lockLeased(tx: Tx, taskId: string, fencingToken: number): Promise<ModelTaskRow> {
  const [row] = await tx.select().from(modelTasks).where(eq(modelTasks.id, taskId)).for('update');
  if (!row) throw new ParapetError('not_found', `There is no model task ${taskId.slice(0, 64)}.`);
  if (row.status !== 'running' || row.fencingToken !== fencingToken)
    throw new ParapetError('stale_lease', `The task ${taskId} has ended, or is another's now: drop it.`);
  return row;
}

async function recordedFiles(tx: Tx, baseModelId: string): Promise<ModelTaskLease['recordedFiles']> {
  for (const row of await tasksOf(tx, baseModelId)) {
    const result = resultOf(row);
    if (result?.kind === 'verify') return result.files;
  }
  return null;
}

/** Writes down what a verified folder holds; answers why it can't be that model, or null. */
async function learn(tx: Tx, baseModelId: string, found: VerifyResult, now: Date): Promise<string | null> {
  const { digest, parameters, contextTokens } = found;
  const [twin] = await tx
    .select({ name: baseModels.name })
    .from(baseModels)
    .where(and(eq(baseModels.digest, digest), ne(baseModels.id, baseModelId)));
  if (twin) return `These are the weights of ${twin.name}, which is here already: retire one of the two.`;
  await tx
    .update(baseModels)
    .set({ digest, parameters, contextTokens, updatedAt: now })
    .where(eq(baseModels.id, baseModelId));
  return null;
}
