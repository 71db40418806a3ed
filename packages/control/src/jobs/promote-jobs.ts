import { ParapetError } from '@parapet/contracts/errors';
import { createFineTuningJobSchema } from '@parapet/contracts/openai-fine-tuning';
import { fineTuningJobs } from '@parapet/db/schema';
import type { TenantTx } from '@parapet/db/tenant';
import { and, eq } from 'drizzle-orm';
import { announceJobEnd } from '../webhooks/enqueue.ts';
import { addJobEvent } from './events.ts';
import { planJob } from './plan-job.ts';

/** Queues the jobs whose files are now counted; fails those whose files turned out unusable. */
export async function promoteJobs(tx: TenantTx, now: Date): Promise<void> {
  const validating = await tx
    .select()
    .from(fineTuningJobs)
    .where(and(eq(fineTuningJobs.orgId, tx.tenantId), eq(fineTuningJobs.status, 'validating_files')))
    .for('update');
  for (const job of validating) {
    try {
      const plan = await planJob(tx, createFineTuningJobSchema.parse(job.request), job.seed);
      const counted = [plan.training, plan.validation].every((file) => file === null || file.status === 'ready');
      if (!counted) continue;
      await tx
        .update(fineTuningJobs)
        .set({ status: 'queued', recipe: plan.recipe, totalSteps: plan.totalSteps, queuedAt: now, updatedAt: now })
        .where(eq(fineTuningJobs.id, job.id));
      await addJobEvent(tx, job, 'info', 'Files validated, moving job to queued state', now);
    } catch (error) {
      if (!(error instanceof ParapetError)) throw error;
      const failure = {
        code: error.details.subcode ?? error.code,
        message: error.message,
        param: error.details.param ?? null,
      };
      await tx
        .update(fineTuningJobs)
        .set({ status: 'failed', error: failure, finishedAt: now, updatedAt: now })
        .where(eq(fineTuningJobs.id, job.id));
      await addJobEvent(tx, job, 'error', error.message, now);
      await announceJobEnd(tx, job, 'failed', now);
    }
  }
}
