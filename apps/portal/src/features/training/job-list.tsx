'use client';

import type { JobView } from '@parapet/contracts/portal/jobs';
import { useSuspenseInfiniteQuery } from '@tanstack/react-query';
import { Activity } from 'lucide-react';
import Link from 'next/link';
import { useMemo } from 'react';
import { Button } from '#components/button.tsx';
import { CopyableId } from '#components/copy.tsx';
import type { Column } from '#components/data-table.tsx';
import { JobProgress } from '#components/job-progress.tsx';
import { JobStatusBadge } from '#components/job-status.tsx';
import { FilterSelect } from '#components/list-frame.tsx';
import { PagedTable } from '#components/paged-table.tsx';
import { EmptyState } from '#components/states.tsx';
import { Time } from '#components/time.tsx';
import { formatDecimal, formatDeviceSeconds } from '#lib/format.ts';
import { useMay } from '#lib/permissions.tsx';
import { useTRPC } from '#lib/trpc/client.tsx';
import { nextPage } from '#lib/trpc/next-page.ts';
import { useUrlState } from '#lib/url-state.ts';
import { useSearch } from '#lib/use-search.ts';
import { jobStatusNames } from '#text/en/job-status.ts';
import { training as text } from '#text/en/training.ts';
import { jobListInput } from './job-list-input.ts';

export function JobList() {
  const trpc = useTRPC();
  const may = useMay('developer');
  const search = useSearch();
  const { deferred } = search;
  const [sort, setSort] = useUrlState('order', 'newest');
  const [status, setStatus] = useUrlState('status');
  const [compared, setCompared] = useUrlState('jobs');
  const query = useSuspenseInfiniteQuery(
    trpc.jobs.list.infiniteQueryOptions(jobListInput({ search: deferred, sort, status }), {
      ...nextPage,
      refetchInterval: ({ state }) =>
        state.data?.pages.some((page) => page.items.some((job) => job.finishedAt === null)) ? 2500 : false,
    }),
  );
  const rows = query.data.pages.flatMap((page) => page.items);
  const chosen = useMemo(() => compared.split(',').filter(Boolean), [compared]);
  const columns = useMemo<Column<JobView>[]>(() => {
    const toggle = (id: string) =>
      setCompared((chosen.includes(id) ? chosen.filter((other) => other !== id) : [...chosen, id].slice(-6)).join(','));
    return [
      {
        id: 'job',
        header: text.columns.job,
        cell: ({ row: { original: job } }) => (
          <div className="flex min-w-0 max-w-sm items-start gap-3">
            <input
              type="checkbox"
              className="mt-0.5 size-4 shrink-0 accent-(--accent)"
              checked={chosen.includes(job.id)}
              onChange={() => toggle(job.id)}
              aria-label={text.select(job.suffix ?? job.id)}
            />
            <div className="min-w-0">
              <Link
                href={`/fine-tuning/${job.id}`}
                className="block truncate rounded font-medium leading-6 hover:text-accent-text"
              >
                {job.suffix ?? job.trainingFile.name}
              </Link>
              <CopyableId id={job.id} />
            </div>
          </div>
        ),
      },
      {
        id: 'status',
        header: text.columns.status,
        cell: ({ row: { original: job } }) => <JobStatusBadge status={job.status} requested={job.requested} />,
      },
      {
        id: 'progress',
        header: text.columns.progress,
        cell: ({ row: { original: job } }) => <JobProgress job={job} />,
      },
      {
        id: 'loss',
        header: text.columns.loss,
        meta: { align: 'right' },
        cell: ({ row: { original: job } }) => {
          const loss = job.validLoss ?? job.trainLoss;
          return loss === null ? '–' : formatDecimal(loss);
        },
      },
      {
        id: 'device',
        header: text.columns.time,
        meta: { align: 'right' },
        cell: ({ row: { original: job } }) => formatDeviceSeconds(job.deviceMicros),
      },
      {
        id: 'created',
        header: text.columns.created,
        meta: { align: 'right' },
        cell: ({ row: { original: job } }) => <Time at={job.createdAt} className="whitespace-nowrap text-muted" />,
      },
    ];
  }, [chosen, setCompared]);

  return (
    <PagedTable
      label={text.title}
      plural={text.plural}
      columns={columns}
      rows={rows}
      rowId={(row) => row.id}
      search={search}
      filters={
        <>
          <FilterSelect
            label={text.filter}
            value={status}
            onChange={setStatus}
            options={[['', text.anyStatus], ...Object.entries(jobStatusNames)]}
          />
          <FilterSelect label={text.sort} value={sort} onChange={setSort} options={Object.entries(text.sorts)} />
          {chosen.length >= 2 ? (
            <Button asChild>
              <Link href={`/fine-tuning/compare?jobs=${chosen.join(',')}`}>{text.compareSelected(chosen.length)}</Link>
            </Button>
          ) : null}
        </>
      }
      filtered={status !== ''}
      onClear={() => setStatus('')}
      empty={
        <EmptyState
          icon={Activity}
          title={text.emptyTitle}
          action={
            may ? (
              <Button asChild variant="primary">
                <Link href="/fine-tuning/new">{text.newJob}</Link>
              </Button>
            ) : null
          }
        >
          {text.emptyText}
        </EmptyState>
      }
      pages={query}
    />
  );
}
