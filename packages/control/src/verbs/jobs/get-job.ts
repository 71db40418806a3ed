import { type JobDetail, jobIdInputSchema } from '@parapet/contracts/portal/jobs';
import { jobDetail, requireJob } from '../../jobs/job-view.ts';
import { defineVerb } from '../../verb.ts';

export const getJob = defineVerb(
  'jobs.get',
  jobIdInputSchema,
  ({ read, tenancy }, { jobId }): Promise<JobDetail> =>
    read(async (tx) => jobDetail(tx, await requireJob(tx, tenancy.id, jobId))),
);
