import type { JobStatus } from '@parapet/contracts/portal/jobs';
import { jobStatusNames, requestedNames } from '#text/en/job-status.ts';
import { Badge, type Tone } from './badge.tsx';

const tones: Record<JobStatus, Tone> = {
  validating_files: 'neutral',
  queued: 'neutral',
  running: 'accent',
  paused: 'warn',
  succeeded: 'ok',
  failed: 'danger',
  cancelled: 'neutral',
};

export function JobStatusBadge({ status, requested }: { status: JobStatus; requested?: 'pause' | 'cancel' | null }) {
  return (
    <Badge tone={tones[status]} dot live={status === 'running' || status === 'validating_files'}>
      {requested ? requestedNames[requested] : jobStatusNames[status]}
    </Badge>
  );
}
