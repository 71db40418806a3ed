import { jobIdInputSchema } from '@parapet/contracts/portal/jobs';
import { requireJob } from '../../jobs/job-view.ts';
import { metricsCsv, selectMetrics } from '../../jobs/metrics-csv.ts';
import { defineVerb } from '../../verb.ts';

/** The result file of a job: its metrics, step by step, as CSV. */
export const readMetricsCsv = defineVerb(
  'jobs.metricsCsv',
  jobIdInputSchema,
  ({ read, tenancy }, { jobId }): Promise<{ name: string; content: string }> =>
    read(async (tx) => {
      await requireJob(tx, tenancy.id, jobId);
      return { name: `${jobId}-metrics.csv`, content: metricsCsv(await selectMetrics(tx, jobId)) };
    }),
);
