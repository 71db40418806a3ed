import { randomInt } from 'node:crypto';
import { ParapetError } from '@parapet/contracts/errors';
import { newId } from '@parapet/contracts/ids';
import type { CreateFineTuningJob } from '@parapet/contracts/openai-fine-tuning';
import { fineTuningJobs } from '@parapet/db/schema';
import type { TenantTx } from '@parapet/db/tenant';
import { requireQuota } from '@parapet/metering/quota';
import { and, eq, inArray } from 'drizzle-orm';
import { addJobEvent } from './events.ts';
import { type JobRow, lockJob } from './job-view.ts';
import { planJob } from './plan-job.ts';

/** Jobs of one organisation that may wait at once. */
const maxWaiting = 100;

/** Plans a job and puts it in the queue, or leaves it validating until its files' tokens are counted. */
export async function insertJob(
  tx: TenantTx,
  request: CreateFineTuningJob,
  createdBy: string | null,
  now: Date,
): Promise<JobRow> {
  const waiting = and(
    eq(fineTuningJobs.orgId, tx.tenantId),
    inArray(fineTuningJobs.status, ['validating_files', 'queued', 'paused']),
  );
  if ((await tx.$count(fineTuningJobs, waiting)) >= maxWaiting) {
    throw new ParapetError('insufficient_quota', `${maxWaiting} jobs wait already: cancel some, or wait for them.`);
  }
  await requireQuota(tx, tx.tenantId, 'adapters', 1);
  const seed = request.seed ?? randomInt(2 ** 31 - 1);
  const plan = await planJob(tx, request, seed);
  const counted = [plan.training, plan.validation].every((file) => file === null || file.status === 'ready');
  const id = newId('fineTuningJob', now.getTime());
  await tx.insert(fineTuningJobs).values({
    id,
    orgId: tx.tenantId,
    status: counted ? 'queued' : 'validating_files',
    model: plan.base.name,
    baseDigest: plan.base.digest,
    trainingDatasetId: plan.training.id,
    trainingDigest: plan.training.rowsDigest,
    validationDatasetId: plan.validation?.id ?? null,
    validationDigest: plan.validation?.rowsDigest ?? null,
    suffix: request.suffix ?? null,
    seed,
    request,
    recipe: plan.recipe,
    metadata: request.metadata ?? null,
    totalSteps: plan.totalSteps,
    createdBy,
    queuedAt: counted ? now : null,
    createdAt: now,
    updatedAt: now,
  });
  const job = { id, orgId: tx.tenantId };
  await addJobEvent(tx, job, 'info', `Created fine-tuning job: ${id}`, now);
  const rows = `Validated training file: ${plan.training.id} (${plan.training.rows} rows)`;
  await addJobEvent(tx, job, 'info', counted ? rows : `Validating training file: ${plan.training.id}`, now);
  if (counted) await addJobEvent(tx, job, 'info', 'Files validated, moving job to queued state', now);
  return lockJob(tx, tx.tenantId, id);
}
