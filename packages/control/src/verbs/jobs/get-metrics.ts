import { jobMetricsInputSchema } from '@parapet/contracts/portal/jobs';
import type { StepMetrics } from '@parapet/contracts/recipe';
import { requireJob } from '../../jobs/job-view.ts';
import { selectMetrics } from '../../jobs/metrics-csv.ts';
import { thin } from '../../jobs/thin.ts';
import { defineVerb } from '../../verb.ts';

/** A job's curve so far. */
export const getMetrics = defineVerb(
  'jobs.metrics',
  jobMetricsInputSchema,
  ({ read, tenancy }, { jobId, maxPoints }): Promise<StepMetrics[]> =>
    read(async (tx) => {
      await requireJob(tx, tenancy.id, jobId);
      return thin(await selectMetrics(tx, jobId), maxPoints);
    }),
);
