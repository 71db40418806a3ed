'use client';

import type { DatasetView } from '@parapet/contracts/portal/datasets';
import { useSuspenseInfiniteQuery } from '@tanstack/react-query';
import { Database } from 'lucide-react';
import Link from 'next/link';
import { CopyableId } from '#components/copy.tsx';
import type { Column } from '#components/data-table.tsx';
import { FilterSelect } from '#components/list-frame.tsx';
import { PagedTable } from '#components/paged-table.tsx';
import { EmptyState } from '#components/states.tsx';
import { Time } from '#components/time.tsx';
import { formatBytes, formatCompact, formatInteger } from '#lib/format.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { nextPage } from '#lib/trpc/next-page.ts';
import { useUrlState } from '#lib/url-state.ts';
import { useSearch } from '#lib/use-search.ts';
import { datasets as text } from '#text/en/datasets.ts';
import { datasetListInput } from './list-input.ts';
import { SampleDialog } from './sample-dialog.tsx';
import { DatasetStatus } from './status-badge.tsx';

const columns: Column<DatasetView>[] = [
  {
    id: 'name',
    header: text.columns.name,
    cell: ({ row: { original } }) => (
      <div className="min-w-0 max-w-sm">
        <Link
          href={`/datasets/${original.id}`}
          className="block truncate rounded font-medium leading-6 hover:text-accent-text"
        >
          {original.name}
        </Link>
        <CopyableId id={original.id} />
      </div>
    ),
  },
  {
    id: 'status',
    header: text.columns.status,
    cell: ({ row: { original } }) => <DatasetStatus status={original.status} />,
  },
  {
    id: 'rows',
    header: text.columns.rows,
    meta: { align: 'right' },
    cell: ({ row: { original } }) => formatInteger(original.rows),
  },
  {
    id: 'tokens',
    header: text.columns.tokens,
    meta: { align: 'right' },
    cell: ({ row: { original } }) => (original.tokens ? formatCompact(original.tokens.total) : '–'),
  },
  {
    id: 'size',
    header: text.columns.size,
    meta: { align: 'right' },
    cell: ({ row: { original } }) => formatBytes(original.bytes),
  },
  {
    id: 'created',
    header: text.columns.created,
    meta: { align: 'right' },
    cell: ({ row: { original } }) => <Time at={original.createdAt} className="whitespace-nowrap text-muted" />,
  },
];

export function DatasetList() {
  const trpc = useTRPC();
  const search = useSearch();
  const { deferred } = search;
  const [sort, setSort] = useUrlState('order', 'newest');
  const [status, setStatus] = useUrlState('status');
  const query = useSuspenseInfiniteQuery(
    trpc.datasets.list.infiniteQueryOptions(datasetListInput({ search: deferred, sort, status }), {
      ...nextPage,
      refetchInterval: ({ state }) =>
        state.data?.pages.some((page) => page.items.some((item) => item.status === 'counting')) ? 2000 : false,
    }),
  );
  const rows = query.data.pages.flatMap((page) => page.items);
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
            options={[
              ['', text.anyStatus],
              ['ready', text.statuses.ready],
              ['counting', text.statuses.counting],
            ]}
          />
          <FilterSelect label={text.sort} value={sort} onChange={setSort} options={Object.entries(text.sorts)} />
        </>
      }
      filtered={status !== ''}
      onClear={() => setStatus('')}
      empty={
        <EmptyState icon={Database} title={text.emptyTitle} action={<SampleDialog />}>
          {text.emptyText}
        </EmptyState>
      }
      pages={query}
    />
  );
}
