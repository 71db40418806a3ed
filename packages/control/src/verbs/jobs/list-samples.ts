import { jobIdInputSchema } from '@parapet/contracts/portal/jobs';
import type { SamplePrediction } from '@parapet/contracts/recipe';
import { jobSamples } from '@parapet/db/schema';
import { asc, desc, eq } from 'drizzle-orm';
import { requireJob } from '../../jobs/job-view.ts';
import { defineVerb } from '../../verb.ts';

/** Held-out rows as base model and adapter answered them, the newest step first; 500 at most. */
export const listSamples = defineVerb(
  'jobs.samples',
  jobIdInputSchema,
  ({ read, tenancy }, { jobId }): Promise<SamplePrediction[]> =>
    read(async (tx) => {
      await requireJob(tx, tenancy.id, jobId);
      return tx
        .select({
          step: jobSamples.step,
          prompt: jobSamples.prompt,
          expected: jobSamples.expected,
          base: jobSamples.base,
          adapted: jobSamples.adapted,
        })
        .from(jobSamples)
        .where(eq(jobSamples.jobId, jobId))
        .orderBy(desc(jobSamples.step), asc(jobSamples.position))
        .limit(500);
    }),
);
