import type { JobView } from '@parapet/contracts/portal/jobs';
import { formatInteger } from '#lib/format.ts';
import { stepOf } from '#text/en/job-status.ts';
import { Progress } from './meter.tsx';

/** How far a job is, for a table's cell. */
export function JobProgress({ job }: { job: JobView }) {
  if (job.totalSteps === null || job.totalSteps === 0) return <span className="text-faint">–</span>;
  const label = stepOf(formatInteger(job.step), formatInteger(job.totalSteps));
  return (
    <div className="flex w-36 flex-col gap-1 max-sm:ml-auto max-sm:flex-col-reverse">
      <Progress label={label} value={Math.min(1, job.step / job.totalSteps)} />
      <p className="text-faint text-xs">{label}</p>
    </div>
  );
}
