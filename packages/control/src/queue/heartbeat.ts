import { asTenantId } from '@parapet/contracts/ids';
import type { FencedHeartbeat, LeaseVerdict } from '@parapet/contracts/train-worker';
import { fineTuningJobs } from '@parapet/db/schema';
import { asPlatform } from '@parapet/db/tenant';
import { eq } from 'drizzle-orm';
import type { ControlServices } from '../context.ts';
import { addJobEvent } from '../jobs/events.ts';
import { lockLeased, staleLease } from './fence.ts';
import { leaseTtlMs } from './lease.ts';

/** Renews a lease, meters what it has used, and tells the worker whether to go on. */
export async function heartbeatJob(
  services: ControlServices,
  jobId: string,
  beat: FencedHeartbeat,
): Promise<LeaseVerdict> {
  const now = services.now();
  const job = await asPlatform(services.database.db, async (tx) => {
    const row = await lockLeased(tx, jobId, beat.fencingToken);
    await tx
      .update(fineTuningJobs)
      .set({ leaseExpiresAt: new Date(now.getTime() + leaseTtlMs), updatedAt: now })
      .where(eq(fineTuningJobs.id, jobId));
    return row;
  });
  const lease = { tenantId: asTenantId(job.orgId), jobId, fencingToken: beat.fencingToken };
  const verdict = await services.metering.training.accrue({
    ...lease,
    deviceMicros: beat.deviceMicros,
    ttlMs: leaseTtlMs,
  });
  if (verdict === 'closed') throw staleLease(jobId);
  if (job.requestedAction === null && verdict === 'exhausted') {
    await asPlatform(services.database.db, async (tx) => {
      await tx.update(fineTuningJobs).set({ requestedAction: 'pause' }).where(eq(fineTuningJobs.id, jobId));
      const message = 'The GPU quota of this month is used up: the job pauses. Resume it when there is quota again.';
      await addJobEvent(tx, job, 'error', message, now);
    });
    return { action: 'pause' };
  }
  return { action: job.requestedAction ?? 'continue' };
}
