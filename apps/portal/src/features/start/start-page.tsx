'use client';

import { useSuspenseQueries } from '@tanstack/react-query';
import Link from 'next/link';
import { Button } from '#components/button.tsx';
import { Card, CardBody, CardHeader } from '#components/card.tsx';
import { JobStatusBadge } from '#components/job-status.tsx';
import { Time } from '#components/time.tsx';
import { QuotaMeters } from '#features/quota/quota-meters.tsx';
import { useTRPC } from '#lib/trpc/client.tsx';
import { start as text } from '#text/en/start.ts';
import { Endpoint } from './endpoint.tsx';
import { startQueries } from './queries.ts';
import { Steps } from './steps.tsx';

/** Where a customer is on the way to a first adapter, and what goes on now. */
export function StartPage({ nowMs }: { nowMs: number }) {
  const trpc = useTRPC();
  const options = startQueries(trpc, nowMs);
  const [datasets, jobs, usage, quota] = useSuspenseQueries({
    queries: [
      { ...options.datasets, refetchInterval: 5000 },
      { ...options.jobs, refetchInterval: 5000 },
      options.usage,
      options.quota,
    ],
  });
  return (
    <div className="grid gap-5">
      <Steps datasets={datasets.data.items} jobs={jobs.data.items} requests={usage.data.totals.requests} />
      <div className="grid items-start gap-5 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <Card>
          <CardHeader
            title={text.recentJobs}
            actions={
              <Button asChild size="sm" variant="ghost">
                <Link href="/fine-tuning">{text.all}</Link>
              </Button>
            }
          />
          {jobs.data.items.length === 0 ? (
            <CardBody>
              <p className="text-[0.8125rem] text-faint">{text.noJobs}</p>
            </CardBody>
          ) : (
            <ul className="divide-y divide-line border-line border-t">
              {jobs.data.items.map((job) => (
                <li key={job.id} className="flex items-center gap-3 px-4 py-2.5 sm:px-5">
                  <Link
                    href={`/fine-tuning/${job.id}`}
                    className="min-w-0 flex-1 truncate rounded font-medium text-[0.8125rem] hover:text-accent-text"
                  >
                    {job.suffix ?? job.trainingFile.name}
                  </Link>
                  <JobStatusBadge status={job.status} requested={job.requested} />
                  <Time at={job.createdAt} className="w-24 text-right text-faint text-xs max-sm:hidden" />
                </li>
              ))}
            </ul>
          )}
        </Card>
        <Endpoint />
      </div>
      <Card>
        <CardHeader title={text.quota} />
        <CardBody>
          <QuotaMeters quota={quota.data} />
        </CardBody>
      </Card>
    </div>
  );
}
