import { createFineTuningJobSchema } from '@parapet/contracts/openai-fine-tuning';
import { cloneJobInputSchema, type JobDetail } from '@parapet/contracts/portal/jobs';
import { makerOf } from '../../access/principal.ts';
import { insertJob } from '../../jobs/insert-job.ts';
import { jobDetail, requireJob } from '../../jobs/job-view.ts';
import { defineVerb } from '../../verb.ts';

/** The same job again: same files, same choices, same seed. */
export const cloneJob = defineVerb(
  'jobs.clone',
  cloneJobInputSchema,
  ({ write, principal, tenancy, now }, { jobId }): Promise<JobDetail> =>
    write(async (tx) => {
      const { row } = await requireJob(tx, tenancy.id, jobId);
      const request = createFineTuningJobSchema.parse({ ...row.request, seed: row.seed });
      const { id } = await insertJob(tx, request, makerOf(principal), now);
      const view = await jobDetail(tx, await requireJob(tx, tenancy.id, id));
      return { view, audit: { target: { kind: 'job', id }, after: { ...request, clonedFrom: jobId } } };
    }),
);
