'use client';

import type { AdminJobView } from '@parapet/contracts/portal/admin';
import { useMutation, useQueryClient, useSuspenseInfiniteQuery } from '@tanstack/react-query';
import { Ellipsis, ListOrdered, OctagonX, RotateCw } from 'lucide-react';
import Link from 'next/link';
import { useMemo, useState } from 'react';
import { Button } from '#components/button.tsx';
import { Confirm } from '#components/confirm.tsx';
import { CopyableId } from '#components/copy.tsx';
import type { Column } from '#components/data-table.tsx';
import { JobProgress } from '#components/job-progress.tsx';
import { JobStatusBadge } from '#components/job-status.tsx';
import { FilterSelect } from '#components/list-frame.tsx';
import { Menu, MenuItem } from '#components/menu.tsx';
import { PagedTable } from '#components/paged-table.tsx';
import { EmptyState } from '#components/states.tsx';
import { Time } from '#components/time.tsx';
import { toast } from '#components/toast.tsx';
import { errorText } from '#lib/error-text.ts';
import { formatDeviceSeconds } from '#lib/format.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { nextPage } from '#lib/trpc/next-page.ts';
import { useUrlState } from '#lib/url-state.ts';
import { useSearch } from '#lib/use-search.ts';
import { adminJobs as text } from '#text/en/admin.ts';
import { common } from '#text/en/common.ts';
import { jobStatusNames } from '#text/en/job-status.ts';
import { FairShares } from './fair-shares.tsx';
import { queueInput } from './queue-input.ts';

const priorities = [10, 5, 2, 1, 0, -1, -2, -5, -10];

export function JobQueue() {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const search = useSearch();
  const { deferred } = search;
  const [status, setStatus] = useUrlState('status');
  const [order, setOrder] = useUrlState('order', 'queue');
  const query = useSuspenseInfiniteQuery(
    trpc.admin.jobs.list.infiniteQueryOptions(queueInput({ search: deferred, status, order }), {
      ...nextPage,
      refetchInterval: 3000,
    }),
  );
  const setPriority = useMutation(
    trpc.admin.jobs.setPriority.mutationOptions({
      onSuccess: async () => {
        toast(text.prioritySet);
        await queryClient.invalidateQueries(trpc.admin.jobs.pathFilter());
      },
      onError: (error) => toast(errorText(error), { tone: 'danger' }),
    }),
  );
  const columns = useMemo<Column<AdminJobView>[]>(
    () => [
      {
        id: 'job',
        header: text.columns.job,
        cell: ({ row: { original: job } }) => (
          <div className="min-w-0 max-w-64">
            <p className="truncate font-medium">{job.suffix ?? job.trainingFile.name}</p>
            <CopyableId id={job.id} />
          </div>
        ),
      },
      {
        id: 'organisation',
        header: text.columns.organisation,
        cell: ({ row: { original: job } }) => (
          <Link href={`/admin/tenants/${job.organisation.id}`} className="rounded hover:text-accent-text">
            {job.organisation.name}
          </Link>
        ),
      },
      {
        id: 'status',
        header: text.columns.status,
        cell: ({ row: { original: job } }) => (
          <span className="flex flex-wrap items-center gap-2">
            <JobStatusBadge status={job.status} requested={job.requested} />
            {job.queuePosition ? (
              <span className="text-faint text-xs">{text.position(job.queuePosition.all)}</span>
            ) : null}
          </span>
        ),
      },
      {
        id: 'progress',
        header: text.columns.progress,
        cell: ({ row }) => <JobProgress job={row.original} />,
      },
      {
        id: 'priority',
        header: text.columns.priority,
        cell: ({ row: { original: job } }) =>
          job.status === 'queued' ? (
            <select
              aria-label={text.priority(job.suffix ?? job.id)}
              className="field h-7 px-2 text-xs"
              value={job.priority}
              onChange={(event) => setPriority.mutate({ jobId: job.id, priority: Number(event.target.value) })}
            >
              {[...new Set([...priorities, job.priority])]
                .sort((a, b) => b - a)
                .map((priority) => (
                  <option key={priority} value={priority}>
                    {priority > 0 ? `+${priority}` : priority}
                  </option>
                ))}
            </select>
          ) : (
            job.priority
          ),
      },
      {
        id: 'recent',
        header: text.columns.recent,
        meta: { align: 'right' },
        cell: ({ row }) => formatDeviceSeconds(row.original.tenantRecentDeviceMicros),
      },
      {
        id: 'worker',
        header: text.columns.worker,
        cell: ({ row }) => <span className="text-muted">{row.original.workerName ?? '–'}</span>,
      },
      {
        id: 'created',
        header: text.columns.created,
        meta: { align: 'right' },
        cell: ({ row }) => <Time at={row.original.createdAt} className="whitespace-nowrap text-muted" />,
      },
      {
        id: 'actions',
        header: text.columns.actions,
        meta: { align: 'right', actions: true },
        cell: ({ row }) => <QueueMenu job={row.original} />,
      },
    ],
    [setPriority.mutate],
  );
  const jobs = query.data.pages.flatMap((page) => page.items);
  return (
    <>
      <FairShares jobs={jobs} />
      <PagedTable
        label={text.title}
        plural={text.plural}
        columns={columns}
        rows={jobs}
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
            <FilterSelect
              label={common.order}
              value={order}
              onChange={setOrder}
              options={[['queue', text.queueOrder], ...Object.entries(common.orders)]}
            />
          </>
        }
        filtered={status !== ''}
        onClear={() => setStatus('')}
        empty={
          <EmptyState icon={ListOrdered} title={text.empty}>
            {text.emptyText}
          </EmptyState>
        }
        pages={query}
      />
    </>
  );
}

function QueueMenu({ job }: { job: AdminJobView }) {
  const [asking, setAsking] = useState(false);
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const reload = () => queryClient.invalidateQueries(trpc.admin.jobs.pathFilter());
  const cancel = useMutation(trpc.admin.jobs.cancel.mutationOptions());
  const retry = useMutation(
    trpc.admin.jobs.retry.mutationOptions({
      onSuccess: async () => {
        toast(text.retried);
        await reload();
      },
      onError: (error) => toast(errorText(error), { tone: 'danger' }),
    }),
  );
  const retryable = job.status === 'failed' || job.status === 'cancelled';
  if (job.finishedAt !== null && !retryable) return null;
  return (
    <>
      <Menu
        trigger={
          <Button variant="ghost" size="iconSm" aria-label={common.actionsFor(job.suffix ?? job.id)}>
            <Ellipsis />
          </Button>
        }
      >
        {retryable ? (
          <MenuItem onSelect={() => retry.mutate({ jobId: job.id })}>
            <RotateCw />
            {text.retry}
          </MenuItem>
        ) : (
          <MenuItem tone="danger" onSelect={() => setAsking(true)}>
            <OctagonX />
            {text.cancel}
          </MenuItem>
        )}
      </Menu>
      <Confirm
        open={asking}
        onOpenChange={setAsking}
        title={text.cancelTitle}
        action={text.cancel}
        onConfirm={async () => {
          await cancel.mutateAsync({ jobId: job.id });
          toast(text.cancelled);
          await reload();
        }}
      >
        {text.cancelText}
      </Confirm>
    </>
  );
}
