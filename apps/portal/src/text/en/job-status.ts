import type { JobStatus } from '@parapet/contracts/portal/jobs';

export const jobStatusNames: Record<JobStatus, string> = {
  validating_files: 'Checking files',
  queued: 'Queued',
  running: 'Running',
  paused: 'Paused',
  succeeded: 'Succeeded',
  failed: 'Failed',
  cancelled: 'Cancelled',
};

export const requestedNames = { pause: 'Pausing…', cancel: 'Cancelling…' };

export const stepOf = (step: string, total: string) => `Step ${step} of ${total}`;
