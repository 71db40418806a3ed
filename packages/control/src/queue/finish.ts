import { type RegisteredVersion, registerVersion } from '@parapet/adapter-store/catalogue';
import { ParapetError } from '@parapet/contracts/errors';
import { asTenantId } from '@parapet/contracts/ids';
import type { FinishReport } from '@parapet/contracts/train-worker';
import { adapters, adapterVersions, fineTuningJobs } from '@parapet/db/schema';
import { asPlatform, type Tx } from '@parapet/db/tenant';
import { and, desc, eq, sql } from 'drizzle-orm';
import { readManifest } from '../adapters/read-manifest.ts';
import { appendAudit } from '../audit/chain.ts';
import type { ControlServices } from '../context.ts';
import { addJobEvent } from '../jobs/events.ts';
import { type JobRow, recipeOf } from '../jobs/job-view.ts';
import { announceJobEnd } from '../webhooks/enqueue.ts';
import { lockLeased } from './fence.ts';
import { dropStates } from './record-checkpoint.ts';

type Outcome = FinishReport['outcome'];
type Success = Extract<Outcome, { status: 'succeeded' }>;

/**
 * Ends a job's lease with what came of it. A success is a version with its lineage, callable by its name as soon as
 * this returns. Repeating the call changes nothing.
 */
export async function finishJob(services: ControlServices, jobId: string, report: FinishReport): Promise<void> {
  const { outcome, fencingToken } = report;
  const adapter = outcome.status === 'succeeded' ? await readManifest(services.blobs, outcome.adapterDigest) : null;
  const now = services.now();
  const ended = await asPlatform(services.database.db, async (tx) => {
    const [known] = await tx.select().from(fineTuningJobs).where(eq(fineTuningJobs.id, jobId));
    if (known && known.fencingToken === fencingToken && known.status === outcome.status) return null;
    const job = await lockLeased(tx, jobId, fencingToken);
    const billedBefore = await billedTokens(tx, job);
    const version = outcome.status === 'succeeded' && adapter ? await register(tx, job, outcome, adapter) : null;
    await tx
      .update(fineTuningJobs)
      .set({
        status: outcome.status,
        leaseOwner: null,
        leaseExpiresAt: null,
        requestedAction: null,
        deviceMicros: sql`${fineTuningJobs.deviceMicros} + ${report.deviceMicros}`,
        error: outcome.status === 'failed' ? outcome.error : null,
        finishedAt: outcome.status === 'paused' ? null : now,
        updatedAt: now,
        ...(outcome.status === 'succeeded' && {
          step: outcome.steps,
          trainedTokens: outcome.trainedTokens,
          lastMetrics: outcome.finalMetrics,
          fineTunedModel: version?.model ?? null,
          adapterVersionId: version?.versionId ?? null,
        }),
      })
      .where(eq(fineTuningJobs.id, jobId));
    if (outcome.status !== 'paused') await dropStates(tx, jobId, null);
    await tellEnd(tx, job, outcome, version, now);
    await announceJobEnd(tx, job, outcome.status, now);
    const audit = {
      target: { kind: 'job', id: jobId },
      before: { status: 'running' },
      after: { status: outcome.status },
    };
    const principal = { kind: 'system', name: job.leaseOwner ?? 'train worker' } as const;
    const origin = { ip: null, userAgent: null, requestId: null };
    await appendAudit(tx, { ...audit, orgId: job.orgId, action: 'jobs.finish', principal, origin, now });
    const trained = outcome.status === 'succeeded' ? outcome.trainedTokens : job.trainedTokens;
    return { orgId: job.orgId, trainedTokens: Math.max(0, trained - billedBefore) };
  });
  if (ended === null) return;
  await services.metering.training.end({
    tenantId: asTenantId(ended.orgId),
    jobId,
    fencingToken,
    deviceMicros: report.deviceMicros,
    trainedTokens: ended.trainedTokens,
    outcome: outcome.status,
  });
}

/** Tokens that earlier leases of this job were billed for. */
async function billedTokens(tx: Tx, job: JobRow): Promise<number> {
  const result = await tx.execute(sql`
    select coalesce(sum(trained_tokens), 0)::text as tokens from usage_events
    where org_id = ${job.orgId} and kind = 'training' and request_id like ${`${job.id}/%`}`);
  return Number((result as unknown as { rows: { tokens: string }[] }).rows[0]?.tokens ?? 0);
}

async function register(
  tx: Tx,
  job: JobRow,
  outcome: Success,
  { manifest, bytes }: Awaited<ReturnType<typeof readManifest>>,
): Promise<RegisteredVersion> {
  if (manifest.baseDigest !== job.baseDigest) {
    throw new ParapetError('base_model_mismatch', 'The adapter is bound to another base model than the job’s.');
  }
  const recipe = recipeOf(job);
  const suffix = job.suffix ?? '';
  // The same suffix on the same base is the same adapter's next version; without one every job makes an adapter.
  const same = and(eq(adapters.orgId, job.orgId), eq(adapters.suffix, suffix), eq(adapters.baseDigest, job.baseDigest));
  const [existing] =
    suffix === '' ? [] : await tx.select().from(adapters).where(same).orderBy(desc(adapters.id)).limit(1);
  const [parent] =
    recipe.warmStartDigest === null
      ? []
      : await tx
          .select({ id: adapterVersions.id })
          .from(adapterVersions)
          .where(and(eq(adapterVersions.orgId, job.orgId), eq(adapterVersions.digest, recipe.warmStartDigest)))
          .limit(1);
  return registerVersion(tx, {
    orgId: job.orgId,
    adapterId: existing?.id ?? null,
    name: suffix === '' ? `Adapter of ${job.id.slice(-6)}` : suffix,
    suffix,
    baseModel: job.model,
    baseDigest: job.baseDigest,
    origin: 'job',
    digest: outcome.adapterDigest,
    bytes,
    parameters: manifest.parameters,
    config: manifest.config,
    lineage: {
      jobId: job.id,
      trainingDigest: job.trainingDigest,
      validationDigest: job.validationDigest,
      recipe,
      parentVersionId: parent?.id ?? null,
      steps: outcome.steps,
      trainedTokens: outcome.trainedTokens,
      bestStep: outcome.bestStep,
      stoppedEarly: outcome.stoppedEarly,
      finalMetrics: outcome.finalMetrics,
    },
    createdBy: job.createdBy,
  });
}

async function tellEnd(
  tx: Tx,
  job: JobRow,
  outcome: Outcome,
  version: RegisteredVersion | null,
  now: Date,
): Promise<void> {
  switch (outcome.status) {
    case 'succeeded':
      await addJobEvent(tx, job, 'info', `New fine-tuned model created: ${version?.model ?? ''}`, now);
      return addJobEvent(tx, job, 'info', 'The job has successfully completed', now);
    case 'failed':
      return addJobEvent(tx, job, 'error', `The job failed: ${outcome.error.message}`, now);
    case 'cancelled':
      return addJobEvent(tx, job, 'info', 'The job was cancelled', now);
    case 'paused':
      return addJobEvent(tx, job, 'info', 'The job is paused', now);
  }
}
