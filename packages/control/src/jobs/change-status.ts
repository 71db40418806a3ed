import { ParapetError } from '@parapet/contracts/errors';
import type { JobDetail } from '@parapet/contracts/portal/jobs';
import { fineTuningJobs } from '@parapet/db/schema';
import type { Tx } from '@parapet/db/tenant';
import { and, eq } from 'drizzle-orm';
import { dropStates } from '../queue/record-checkpoint.ts';
import type { Audited } from '../verb.ts';
import { announceJobEnd } from '../webhooks/enqueue.ts';
import { addJobEvent } from './events.ts';
import { type JobRow, jobDetail, lockJob, requireJob } from './job-view.ts';

type Change = Partial<typeof fineTuningJobs.$inferInsert>;

/** What each request does to a job in each status; a status that isn't named refuses it. */
const transitions: Record<'cancel' | 'pause' | 'resume', { [S in JobRow['status']]?: (now: Date) => Change }> = {
  cancel: {
    validating_files: (now) => ({ status: 'cancelled', finishedAt: now }),
    queued: (now) => ({ status: 'cancelled', finishedAt: now }),
    paused: (now) => ({ status: 'cancelled', finishedAt: now }),
    running: () => ({ requestedAction: 'cancel' }),
  },
  pause: {
    queued: () => ({ status: 'paused' }),
    running: () => ({ requestedAction: 'pause' }),
  },
  resume: {
    paused: (now) => ({ status: 'queued', queuedAt: now }),
  },
};

const told = {
  cancel: 'Cancellation requested',
  pause: 'Pause requested',
  resume: 'Resumed, moving job to queued state',
};

/** Cancels, pauses or resumes a job: at once when it waits, by its worker's next heartbeat when it runs. */
export async function changeStatus(
  tx: Tx,
  orgId: string,
  jobId: string,
  request: keyof typeof transitions,
  now: Date,
): Promise<Audited<JobDetail>> {
  const before = await lockJob(tx, orgId, jobId);
  const change = transitions[request][before.status]?.(now);
  if (change === undefined) {
    throw new ParapetError('conflict', `The job is ${before.status}: there is nothing to ${request}.`);
  }
  const where = and(eq(fineTuningJobs.orgId, orgId), eq(fineTuningJobs.id, jobId));
  await tx
    .update(fineTuningJobs)
    .set({ ...change, updatedAt: now })
    .where(where);
  await addJobEvent(tx, before, 'info', change.status === 'cancelled' ? 'The job was cancelled' : told[request], now);
  if (change.status === 'cancelled') {
    await dropStates(tx, jobId, null);
    await announceJobEnd(tx, before, 'cancelled', now);
  }
  const view = await jobDetail(tx, await requireJob(tx, orgId, jobId));
  const target = { kind: 'job', id: jobId };
  return {
    view,
    audit: { target, before: { status: before.status }, after: { status: view.status, requested: view.requested } },
  };
}
