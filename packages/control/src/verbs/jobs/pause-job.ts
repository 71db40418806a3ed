import { jobIdInputSchema } from '@parapet/contracts/portal/jobs';
import { changeStatus } from '../../jobs/change-status.ts';
import { defineVerb } from '../../verb.ts';

export const pauseJob = defineVerb('jobs.pause', jobIdInputSchema, ({ write, tenancy, now }, { jobId }) =>
  write((tx) => changeStatus(tx, tenancy.id, jobId, 'pause', now)),
);
