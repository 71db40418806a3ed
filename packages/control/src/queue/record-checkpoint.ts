import type { BlobStore } from '@parapet/adapter-store/blobs';
import { modelName, shortId } from '@parapet/adapter-store/catalogue';
import { dropReferences, referToBlob } from '@parapet/adapter-store/references';
import { ParapetError } from '@parapet/contracts/errors';
import { newId } from '@parapet/contracts/ids';
import type { CheckpointReport } from '@parapet/contracts/train-worker';
import { checkpoints, fineTuningJobs, organisations } from '@parapet/db/schema';
import { asPlatform, type Tx } from '@parapet/db/tenant';
import { and, eq, isNotNull, ne } from 'drizzle-orm';
import type { ControlServices } from '../context.ts';
import type { JobRow } from '../jobs/job-view.ts';
import { lockLeased } from './fence.ts';

/** Keeps a checkpoint: its adapter callable from now on, its state the place to go on from. Only the last state stays. */
export async function recordCheckpoint(
  services: ControlServices,
  jobId: string,
  report: CheckpointReport,
): Promise<void> {
  const stateBytes = await bytesOf(services.blobs, report.stateDigest);
  const adapterBytes = report.adapterDigest === null ? 0 : await bytesOf(services.blobs, report.adapterDigest);
  const now = services.now();
  await asPlatform(services.database.db, async (tx) => {
    const job = await lockLeased(tx, jobId, report.fencingToken);
    const model = report.adapterDigest === null ? null : await checkpointModel(tx, job, report.step);
    const { stateDigest, adapterDigest, metrics, step } = report;
    const found = { stateDigest, adapterDigest, modelName: model, metrics };
    const [row] = await tx
      .insert(checkpoints)
      .values({ id: newId('checkpoint', now.getTime()), jobId, orgId: job.orgId, step, ...found, createdAt: now })
      .onConflictDoUpdate({ target: [checkpoints.jobId, checkpoints.step], set: found })
      .returning({ id: checkpoints.id });
    if (!row) return;
    const { orgId } = job;
    const state = { type: 'checkpoint_state', id: row.id } as const;
    await referToBlob(tx, { digest: stateDigest, bytes: stateBytes, owner: state, orgId });
    if (adapterDigest !== null) {
      const owner = { type: 'checkpoint_adapter', id: row.id } as const;
      await referToBlob(tx, { digest: adapterDigest, bytes: adapterBytes, owner, orgId });
    }
    await dropStates(tx, jobId, row.id);
    // It got further: the tries that were lost before count no more.
    await tx.update(fineTuningJobs).set({ attempts: 1, updatedAt: now }).where(eq(fineTuningJobs.id, jobId));
  });
}

/** Lets go of a job's trainer states, but for the one of the checkpoint `keep`. */
export async function dropStates(tx: Tx, jobId: string, keep: string | null): Promise<void> {
  const stale = await tx
    .update(checkpoints)
    .set({ stateDigest: null })
    .where(
      and(
        eq(checkpoints.jobId, jobId),
        isNotNull(checkpoints.stateDigest),
        keep === null ? undefined : ne(checkpoints.id, keep),
      ),
    )
    .returning({ id: checkpoints.id });
  for (const { id } of stale) await dropReferences(tx, { type: 'checkpoint_state', id });
}

async function checkpointModel(tx: Tx, job: JobRow, step: number): Promise<string> {
  const [org] = await tx
    .select({ slug: organisations.slug })
    .from(organisations)
    .where(eq(organisations.id, job.orgId));
  return `${modelName(job.model, org?.slug ?? '', job.suffix ?? '', shortId(job.id))}:ckpt-step-${step}`;
}

async function bytesOf(blobs: BlobStore, digest: string): Promise<number> {
  const info = await blobs.stat(digest);
  if (info === null)
    throw new ParapetError('unprocessable', `The content ${digest} was not uploaded before the report.`);
  return info.bytes;
}
