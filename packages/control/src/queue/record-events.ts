import type { TrainingEvents } from '@parapet/contracts/train-worker';
import { fineTuningJobs, jobEvents, jobMetrics, jobSamples } from '@parapet/db/schema';
import { asPlatform } from '@parapet/db/tenant';
import { eq, sql } from 'drizzle-orm';
import type { ControlServices } from '../context.ts';
import { addJobEvent, metricsEvent } from '../jobs/events.ts';
import { lockLeased } from './fence.ts';

/** Keeps what a worker tells of a job. A step told again (a repeated call, a resumed lease) takes the place of the old. */
export async function recordEvents(services: ControlServices, jobId: string, events: TrainingEvents): Promise<void> {
  const now = services.now();
  await asPlatform(services.database.db, async (tx) => {
    const job = await lockLeased(tx, jobId, events.fencingToken);
    const { orgId } = job;
    const metrics = [...new Map(events.metrics.map((line) => [line.step, line])).values()];
    if (metrics.length > 0) {
      const rows = metrics.map((line) => ({
        jobId,
        orgId,
        step: line.step,
        metrics: line,
        trainLoss: line.trainLoss,
        validLoss: line.validLoss,
        createdAt: now,
      }));
      const kept = await tx
        .insert(jobMetrics)
        .values(rows)
        .onConflictDoUpdate({
          target: [jobMetrics.jobId, jobMetrics.step],
          set: {
            metrics: sql`excluded.metrics`,
            trainLoss: sql`excluded.train_loss`,
            validLoss: sql`excluded.valid_loss`,
          },
        })
        .returning({ step: jobMetrics.step, isNew: sql<boolean>`xmax = 0` });
      const fresh = new Set(kept.filter(({ isNew }) => isNew).map(({ step }) => step));
      const told = metrics.filter(({ step }) => fresh.has(step)).map((line) => metricsEvent(job, line, now));
      if (told.length > 0) await tx.insert(jobEvents).values(told);
      const last = metrics.reduce((a, b) => (b.step > a.step ? b : a));
      await tx
        .update(fineTuningJobs)
        .set({
          step: last.step,
          totalSteps: last.totalSteps,
          trainedTokens: last.trainedTokens,
          lastMetrics: last,
          updatedAt: now,
        })
        .where(eq(fineTuningJobs.id, jobId));
    }
    for (const { level, message } of events.messages) await addJobEvent(tx, job, level, message, now);
    if (events.samples.length > 0) {
      const rows = events.samples.map((sample, position) => ({ jobId, orgId, position, ...sample, createdAt: now }));
      await tx.insert(jobSamples).values(rows).onConflictDoNothing();
    }
  });
}
