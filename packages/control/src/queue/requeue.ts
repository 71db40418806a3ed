import { fineTuningJobs, holds } from '@parapet/db/schema';
import { asPlatform } from '@parapet/db/tenant';
import { and, eq, lt, sql } from 'drizzle-orm';
import type { ControlServices } from '../context.ts';
import { addJobEvent } from '../jobs/events.ts';
import { holdOfLease } from '../jobs/job-view.ts';
import { announceJobEnd } from '../webhooks/enqueue.ts';
import { dropStates } from './record-checkpoint.ts';

/** Leases in a row that may be lost without a checkpoint between them. */
const maxAttempts = 5;

/**
 * Puts jobs whose worker was lost back into the queue, where they go on from their last checkpoint; after too many
 * losses without progress they fail. Any gateway may call it at any time; answers how many it found.
 */
export async function requeueExpiredLeases(services: ControlServices): Promise<number> {
  const now = services.now();
  return asPlatform(services.database.db, async (tx) => {
    const lost = await tx
      .select()
      .from(fineTuningJobs)
      .where(and(eq(fineTuningJobs.status, 'running'), lt(fineTuningJobs.leaseExpiresAt, now)))
      .limit(100)
      .for('update', { skipLocked: true });
    for (const job of lost) {
      const failed = job.requestedAction === null && job.attempts >= maxAttempts;
      const message = `The training worker was lost ${job.attempts} times without getting further.`;
      const status =
        job.requestedAction === 'cancel'
          ? 'cancelled'
          : job.requestedAction === 'pause'
            ? 'paused'
            : failed
              ? 'failed'
              : 'queued';
      await tx
        .update(fineTuningJobs)
        .set({
          status,
          leaseOwner: null,
          leaseExpiresAt: null,
          requestedAction: null,
          // What the lost lease had reported, which is what it is charged.
          deviceMicros: sql`${fineTuningJobs.deviceMicros} + coalesce((select ${holds.accruedGpuMicros} from ${holds} where ${holdOfLease}), 0)`,
          error: failed ? { code: 'worker_lost', message, param: null } : null,
          finishedAt: status === 'cancelled' || status === 'failed' ? now : null,
          updatedAt: now,
        })
        .where(eq(fineTuningJobs.id, job.id));
      if (status === 'cancelled' || status === 'failed') await dropStates(tx, job.id, null);
      const told = failed ? message : 'The training worker was lost; the job goes on from its last checkpoint.';
      await announceJobEnd(tx, job, status, now);
      await addJobEvent(tx, job, failed ? 'error' : 'warn', told, now);
    }
    return lost.length;
  });
}
