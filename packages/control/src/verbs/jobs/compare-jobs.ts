import { type ComparedJob, compareJobsInputSchema } from '@parapet/contracts/portal/jobs';
import { jobDetail, requireJob } from '../../jobs/job-view.ts';
import { selectMetrics } from '../../jobs/metrics-csv.ts';
import { thin } from '../../jobs/thin.ts';
import { defineVerb } from '../../verb.ts';

/** Runs side by side, with curves short enough to draw over one another. */
export const compareJobs = defineVerb(
  'jobs.compare',
  compareJobsInputSchema,
  ({ read, tenancy }, { jobIds }): Promise<ComparedJob[]> =>
    read(async (tx) => {
      const compared: ComparedJob[] = [];
      for (const jobId of new Set(jobIds)) {
        const job = await jobDetail(tx, await requireJob(tx, tenancy.id, jobId));
        compared.push({ job, metrics: thin(await selectMetrics(tx, jobId), 500) });
      }
      return compared;
    }),
);
