import type { DatasetDetail } from '@parapet/contracts/portal/datasets';
import type { JobStatus } from '@parapet/contracts/portal/jobs';
import { Activity } from 'lucide-react';
import Link from 'next/link';
import { Card } from '#components/card.tsx';
import { JobStatusBadge } from '#components/job-status.tsx';
import { EmptyState } from '#components/states.tsx';
import { Time } from '#components/time.tsx';
import { datasets as text } from '#text/en/datasets.ts';

/** The jobs that read this data set. */
export function DatasetJobs({ jobs }: { jobs: DatasetDetail['jobs'] }) {
  if (jobs.length === 0) {
    return (
      <Card>
        <EmptyState icon={Activity} title={text.noJobs} />
      </Card>
    );
  }
  return (
    <Card>
      <ul className="divide-y divide-line">
        {jobs.map((job) => (
          <li key={job.id} className="flex flex-wrap items-center gap-3 px-5 py-3">
            <Link
              href={`/fine-tuning/${job.id}`}
              className="min-w-0 flex-1 truncate font-mono text-xs hover:text-accent-text"
            >
              {job.id}
            </Link>
            <JobStatusBadge status={job.status as JobStatus} />
            <Time at={job.createdAt} className="text-faint text-xs" />
          </li>
        ))}
      </ul>
    </Card>
  );
}
