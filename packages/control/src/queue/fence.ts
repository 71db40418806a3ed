import { ParapetError } from '@parapet/contracts/errors';
import { fineTuningJobs } from '@parapet/db/schema';
import type { Tx } from '@parapet/db/tenant';
import { eq } from 'drizzle-orm';
import type { JobRow } from '../jobs/job-view.ts';

/**
 * The job, locked, if the worker's lease is still the last one.
 * @throws ParapetError `stale_lease`, `not_found`.
 */
export async function lockLeased(tx: Tx, jobId: string, fencingToken: number): Promise<JobRow> {
  const [row] = await tx.select().from(fineTuningJobs).where(eq(fineTuningJobs.id, jobId)).for('update');
  if (!row) throw new ParapetError('not_found', `No such fine-tuning job: ${jobId.slice(0, 64)}.`);
  if (row.status !== 'running' || row.fencingToken !== fencingToken) throw staleLease(jobId);
  return row;
}

export const staleLease = (jobId: string) =>
  new ParapetError('stale_lease', `The lease of ${jobId} is another's now, or the job has ended: drop it.`);
