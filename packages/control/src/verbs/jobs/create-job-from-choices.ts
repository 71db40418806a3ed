import { type JobDetail, jobChoicesSchema } from '@parapet/contracts/portal/jobs';
import { makerOf } from '../../access/principal.ts';
import { insertJob } from '../../jobs/insert-job.ts';
import { jobDetail, requireJob } from '../../jobs/job-view.ts';
import { requestOfChoices } from '../../jobs/request-of-choices.ts';
import { defineVerb } from '../../verb.ts';

/** Starts a job from the portal's form. */
export const createJobFromChoices = defineVerb(
  'jobs.create',
  jobChoicesSchema,
  ({ write, principal, tenancy, now }, choices): Promise<JobDetail> =>
    write(async (tx) => {
      const request = await requestOfChoices(tx, choices);
      const { id } = await insertJob(tx, request, makerOf(principal), now);
      const view = await jobDetail(tx, await requireJob(tx, tenancy.id, id));
      return { view, audit: { target: { kind: 'job', id }, after: { ...request } } };
    }),
);
