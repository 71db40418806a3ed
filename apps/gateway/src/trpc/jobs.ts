import { jobLiveInputSchema } from '@parapet/contracts/portal/jobs';
import { cancelJob } from '@parapet/control/verbs/jobs/cancel-job';
import { cloneJob } from '@parapet/control/verbs/jobs/clone-job';
import { compareJobs } from '@parapet/control/verbs/jobs/compare-jobs';
import { createJobFromChoices } from '@parapet/control/verbs/jobs/create-job-from-choices';
import { estimateJob } from '@parapet/control/verbs/jobs/estimate-job';
import { getJob } from '@parapet/control/verbs/jobs/get-job';
import { getMetrics } from '@parapet/control/verbs/jobs/get-metrics';
import { listCheckpoints } from '@parapet/control/verbs/jobs/list-checkpoints';
import { listEvents } from '@parapet/control/verbs/jobs/list-events';
import { listJobs } from '@parapet/control/verbs/jobs/list-jobs';
import { listSamples } from '@parapet/control/verbs/jobs/list-samples';
import { liveJob } from '@parapet/control/verbs/jobs/live-job';
import { pauseJob } from '@parapet/control/verbs/jobs/pause-job';
import { resumeJob } from '@parapet/control/verbs/jobs/resume-job';
import { tracked } from '@trpc/server';
import { mutation, procedure, query, router } from './base.ts';

export const jobsRouter = router({
  list: query(listJobs),
  get: query(getJob),
  estimate: query(estimateJob),
  create: mutation(createJobFromChoices),
  clone: mutation(cloneJob),
  pause: mutation(pauseJob),
  resume: mutation(resumeJob),
  cancel: mutation(cancelJob),
  events: query(listEvents),
  checkpoints: query(listCheckpoints),
  metrics: query(getMetrics),
  samples: query(listSamples),
  compare: query(compareJobs),
  /** Server-sent events; each carries an id that resumes right after it. */
  live: procedure.input(jobLiveInputSchema).subscription(async function* ({ ctx, input, signal }) {
    for await (const { id, item } of await liveJob(ctx.call, { ...input, signal })) yield tracked(id, item);
  }),
});
