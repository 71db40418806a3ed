import { ParapetError } from '@parapet/contracts/errors';
import { asTenantId } from '@parapet/contracts/ids';
import type { LeaseRequest, TrainingLease } from '@parapet/contracts/train-worker';
import { checkpoints, fineTuningJobs, platformSettings, workers } from '@parapet/db/schema';
import { asPlatform, type Tx } from '@parapet/db/tenant';
import { and, desc, eq, isNotNull, sql } from 'drizzle-orm';
import type { ControlServices } from '../context.ts';
import { addJobEvent } from '../jobs/events.ts';
import { type JobRow, recipeOf } from '../jobs/job-view.ts';

/** A lease that is not renewed for this long is lost, and the job goes back into the queue. */
export const leaseTtlMs = 30_000;

/** The platform setting that stops new leases. */
export const trainingPausedSetting = 'training_paused';

/**
 * The next job for a worker that has these base models, or null. Fair share: the tenant with the fewest running jobs,
 * then with the least device time in the last day, goes first; within a tenant priority, then the order of asking. A
 * tenant at its limit of concurrent jobs waits.
 */
export async function leaseNextJob(services: ControlServices, request: LeaseRequest): Promise<TrainingLease | null> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const job = await takeNext(services, request);
    if (job === null) return null;
    const { tenantId, jobId, fencingToken, ttlMs } = job.lease;
    try {
      const lease = { tenantId: asTenantId(tenantId), jobId, fencingToken };
      await services.metering.training.begin({ ...lease, model: job.lease.baseModel, ttlMs });
      return job.lease;
    } catch (error) {
      if (!(error instanceof ParapetError)) throw error;
      await setAside(services, job.row, error);
    }
  }
  return null;
}

async function takeNext(
  services: ControlServices,
  request: LeaseRequest,
): Promise<{ row: JobRow; lease: TrainingLease } | null> {
  const now = services.now();
  return asPlatform(services.database.db, async (tx) => {
    // One lease at a time, so that two can't both take a tenant's last place.
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('training lease', 0))`);
    await noteWorker(tx, request, now);
    const [paused] = await tx
      .select({ value: platformSettings.value })
      .from(platformSettings)
      .where(eq(platformSettings.key, trainingPausedSetting));
    if (paused?.value === true) return null;
    const digests = sql.join(
      request.baseDigests.map((digest) => sql`${digest}`),
      sql`, `,
    );
    const picked = await tx.execute(sql`
      select j.id from fine_tuning_jobs j
      join organisations o on o.id = j.org_id and o.status = 'active'
      cross join lateral (
        select count(*) as running from fine_tuning_jobs r where r.org_id = j.org_id and r.status = 'running'
      ) r
      cross join lateral (
        select coalesce(sum(u.gpu_micros), 0) as micros from usage_events u
        where u.org_id = j.org_id and u.kind = 'training' and u.occurred_at > ${new Date(now.getTime() - 86_400_000).toISOString()}::timestamptz
      ) d
      where j.status = 'queued' and j.base_digest in (${digests})
        and r.running < coalesce((parapet_limits(j.org_id)->>'concurrentJobs')::int, 1000000)
      order by r.running, d.micros, j.priority desc, j.queued_at, j.id
      limit 1 for update of j`);
    const id = (picked as unknown as { rows: { id: string }[] }).rows[0]?.id;
    if (id === undefined) return null;
    const [row] = await tx
      .update(fineTuningJobs)
      .set({
        status: 'running',
        fencingToken: sql`${fineTuningJobs.fencingToken} + 1`,
        leaseOwner: request.workerName,
        leaseExpiresAt: new Date(now.getTime() + leaseTtlMs),
        attempts: sql`${fineTuningJobs.attempts} + 1`,
        requestedAction: null,
        startedAt: sql`coalesce(${fineTuningJobs.startedAt}, ${now.toISOString()}::timestamptz)`,
        updatedAt: now,
      })
      .where(eq(fineTuningJobs.id, id))
      .returning();
    if (!row) return null;
    const resumeFrom = await lastState(tx, id);
    const how =
      resumeFrom === null ? 'Fine-tuning job started' : `Fine-tuning job goes on from step ${resumeFrom.step}`;
    await addJobEvent(tx, row, 'info', how, now);
    return { row, lease: leaseOf(row, resumeFrom) };
  });
}

function leaseOf(row: JobRow, resumeFrom: TrainingLease['resumeFrom']): TrainingLease {
  if (row.trainingDigest === null) throw new ParapetError('internal', `The job ${row.id} has no training file.`);
  return {
    jobId: row.id,
    tenantId: row.orgId,
    fencingToken: row.fencingToken,
    ttlMs: leaseTtlMs,
    baseModel: row.model,
    baseDigest: row.baseDigest,
    recipe: recipeOf(row),
    trainFile: row.trainingDigest,
    validFile: row.validationDigest,
    resumeFrom,
  };
}

async function lastState(tx: Tx, jobId: string): Promise<TrainingLease['resumeFrom']> {
  const [last] = await tx
    .select({ step: checkpoints.step, stateDigest: checkpoints.stateDigest })
    .from(checkpoints)
    .where(and(eq(checkpoints.jobId, jobId), isNotNull(checkpoints.stateDigest)))
    .orderBy(desc(checkpoints.step))
    .limit(1);
  return last?.stateDigest ? { step: last.step, stateDigest: last.stateDigest } : null;
}

/** What the fleet page shows of train workers: who asked last, and when. */
async function noteWorker(tx: Tx, request: LeaseRequest, now: Date): Promise<void> {
  const id = `train ${request.workerName}`;
  const seen = { registration: { ...request }, status: 'ready' as const, heartbeatAt: now, updatedAt: now };
  await tx
    .insert(workers)
    .values({ id, kind: 'train', name: request.workerName, ...seen, createdAt: now })
    .onConflictDoUpdate({ target: workers.id, set: seen });
}

/** No quota to begin with: the job waits, paused, with the reason among its events. */
async function setAside(services: ControlServices, job: JobRow, reason: ParapetError): Promise<void> {
  const now = services.now();
  await asPlatform(services.database.db, async (tx) => {
    await tx
      .update(fineTuningJobs)
      .set({ status: 'paused', leaseOwner: null, leaseExpiresAt: null, updatedAt: now })
      .where(and(eq(fineTuningJobs.id, job.id), eq(fineTuningJobs.fencingToken, job.fencingToken)));
    await addJobEvent(tx, job, 'error', `Paused: ${reason.message} Resume it when that has changed.`, now);
  });
}
