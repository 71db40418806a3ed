import { ParapetError } from '@parapet/contracts/errors';
import type { JobDetail, JobView } from '@parapet/contracts/portal/jobs';
import type { Recipe } from '@parapet/contracts/recipe';
import { adapterVersions, datasets, fineTuningJobs, holds, users } from '@parapet/db/schema';
import type { Tx } from '@parapet/db/tenant';
import { and, eq, type SQL, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import { selectCheckpoints } from './checkpoint-view.ts';

export type JobRow = typeof fineTuningJobs.$inferSelect;

const training = alias(datasets, 'training');
const validation = alias(datasets, 'validation');
const waiting = alias(fineTuningJobs, 'waiting');

/** The hold of the job's present lease, or of its last one: it knows what that lease has reported so far. */
export const holdOfLease = eq(holds.requestId, sql`${fineTuningJobs.id} || '/' || ${fineTuningJobs.fencingToken}`);

/** How many of the jobs that `mine` names stand before this one, were each served in the order of asking. */
const ahead = (mine?: SQL) =>
  sql<number>`(select count(*)::int from ${fineTuningJobs} ${sql.raw('waiting')} where ${and(
    eq(waiting.status, 'queued'),
    sql`(-${waiting.priority}, ${waiting.queuedAt}, ${waiting.id}) <= (-${fineTuningJobs.priority}, ${fineTuningJobs.queuedAt}, ${fineTuningJobs.id})`,
    mine,
  )})`;

/** Jobs as they are shown, in the order asked for. Within a tenant's transaction "all" are the tenant's own. */
export async function selectJobs(
  tx: Tx,
  options: { where?: SQL; orderBy: SQL[]; limit: number; offset?: number },
): Promise<{ row: JobRow; view: JobView }[]> {
  const rows = await tx
    .select({
      job: fineTuningJobs,
      trainingName: training.name,
      validationName: validation.name,
      person: users.name,
      adapterId: adapterVersions.adapterId,
      underLease: holds.accruedGpuMicros,
      own: ahead(eq(waiting.orgId, fineTuningJobs.orgId)),
      all: ahead(),
    })
    .from(fineTuningJobs)
    .leftJoin(training, eq(training.id, fineTuningJobs.trainingDatasetId))
    .leftJoin(validation, eq(validation.id, fineTuningJobs.validationDatasetId))
    .leftJoin(users, eq(users.id, fineTuningJobs.createdBy))
    .leftJoin(adapterVersions, eq(adapterVersions.id, fineTuningJobs.adapterVersionId))
    .leftJoin(holds, and(holdOfLease, eq(fineTuningJobs.status, 'running')))
    .where(options.where)
    .orderBy(...options.orderBy)
    .limit(options.limit)
    .offset(options.offset ?? 0);
  return rows.map(({ job, trainingName, validationName, person, adapterId, underLease, own, all }) => ({
    row: job,
    view: {
      id: job.id,
      status: job.status,
      requested: job.status === 'running' ? job.requestedAction : null,
      baseModel: job.model,
      suffix: job.suffix,
      method: job.recipe?.adapter.method ?? 'para',
      trainingFile: { id: job.trainingDatasetId, name: trainingName ?? 'deleted file' },
      validationFile:
        job.validationDatasetId === null
          ? null
          : { id: job.validationDatasetId, name: validationName ?? 'deleted file' },
      fineTunedModel: job.fineTunedModel,
      adapterId,
      step: job.step,
      totalSteps: job.totalSteps,
      etaSeconds: job.status === 'running' ? (job.lastMetrics?.etaSeconds ?? null) : null,
      trainLoss: job.lastMetrics?.trainLoss ?? null,
      validLoss: job.lastMetrics?.validLoss ?? null,
      trainedTokens: job.trainedTokens,
      // A lease's time is added to the job's when it ends.
      deviceMicros: job.deviceMicros + (underLease ?? 0),
      queuePosition: job.status === 'queued' ? { own, all } : null,
      error: job.error,
      createdBy: person ?? '',
      createdAt: job.createdAt.getTime(),
      startedAt: job.startedAt?.getTime() ?? null,
      finishedAt: job.finishedAt?.getTime() ?? null,
    },
  }));
}

/** One job of an organisation. @throws ParapetError `not_found` */
export async function requireJob(tx: Tx, orgId: string, id: string): Promise<{ row: JobRow; view: JobView }> {
  const where = and(eq(fineTuningJobs.orgId, orgId), eq(fineTuningJobs.id, id));
  const [job] = await selectJobs(tx, { where, orderBy: [], limit: 1 });
  if (!job) throw new ParapetError('not_found', `No such fine-tuning job: ${id.slice(0, 64)}.`);
  return job;
}

/** The row alone, locked until the transaction ends. @throws ParapetError `not_found` */
export async function lockJob(tx: Tx, orgId: string, id: string): Promise<JobRow> {
  const [row] = await tx
    .select()
    .from(fineTuningJobs)
    .where(and(eq(fineTuningJobs.orgId, orgId), eq(fineTuningJobs.id, id)))
    .for('update');
  if (!row) throw new ParapetError('not_found', `No such fine-tuning job: ${id.slice(0, 64)}.`);
  return row;
}

export async function jobDetail(tx: Tx, { row, view }: { row: JobRow; view: JobView }): Promise<JobDetail> {
  return {
    ...view,
    recipe: recipeOf(row),
    seed: row.seed,
    attempts: row.attempts,
    workerName: row.leaseOwner,
    checkpoints: await selectCheckpoints(tx, row.id, 100),
    metadata: row.metadata ?? {},
  };
}

/** A job's recipe: every job has one from its creation. */
export function recipeOf(row: JobRow): Recipe {
  if (row.recipe === null) throw new ParapetError('internal', `The job ${row.id} has no recipe.`);
  return row.recipe;
}
