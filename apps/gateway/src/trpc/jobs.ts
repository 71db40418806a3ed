import { cancelJob } from '@parapet/control/verbs/jobs/cancel-job';
import { cloneJob } from '@parapet/control/verbs/jobs/clone-job';
import { compareJobs } from '@parapet/control/verbs/jobs/compare-jobs';
import { createJob } from '@parapet/control/verbs/jobs/create-job';
import { getJob } from '@parapet/control/verbs/jobs/get-job';
import { getMetrics } from '@parapet/control/verbs/jobs/get-metrics';
import { listCheckpoints } from '@parapet/control/verbs/jobs/list-checkpoints';
import { listEvents } from '@parapet/control/verbs/jobs/list-events';
import { listJobs } from '@parapet/control/verbs/jobs/list-jobs';
import { listSamples } from '@parapet/control/verbs/jobs/list-samples';
import { pauseJob } from '@parapet/control/verbs/jobs/pause-job';
import { resumeJob } from '@parapet/control/verbs/jobs/resume-job';
import { mutation, query, router } from './base.ts';

export const jobsRouter = router({
  list: query(listJobs),
  get: query(getJob),
  create: mutation(createJob),
  clone: mutation(cloneJob),
  pause: mutation(pauseJob),
  resume: mutation(resumeJob),
  cancel: mutation(cancelJob),
  events: query(listEvents),
  checkpoints: query(listCheckpoints),
  metrics: query(getMetrics),
  samples: query(listSamples),
  compare: query(compareJobs),
});
