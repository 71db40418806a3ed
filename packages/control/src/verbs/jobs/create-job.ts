import { createFineTuningJobSchema } from '@parapet/contracts/openai-fine-tuning';
import type { JobDetail } from '@parapet/contracts/portal/jobs';
import { makerOf } from '../../access/principal.ts';
import { insertJob } from '../../jobs/insert-job.ts';
import { jobDetail, requireJob } from '../../jobs/job-view.ts';
import { defineVerb } from '../../verb.ts';

/** Starts a fine-tuning job: files and model looked up, every `auto` resolved, queued at once if the files are counted. */
export const createJob = defineVerb(
  'jobs.create',
  createFineTuningJobSchema,
  ({ write, principal, tenancy, now }, request): Promise<JobDetail> =>
    write(async (tx) => {
      const { id } = await insertJob(tx, request, makerOf(principal), now);
      const view = await jobDetail(tx, await requireJob(tx, tenancy.id, id));
      return { view, audit: { target: { kind: 'job', id }, after: { ...request } } };
    }),
);
