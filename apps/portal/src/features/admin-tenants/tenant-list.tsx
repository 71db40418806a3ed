'use client';

import type { TenantView } from '@parapet/contracts/portal/admin';
import { useSuspenseInfiniteQuery } from '@tanstack/react-query';
import { Building2 } from 'lucide-react';
import Link from 'next/link';
import { Badge } from '#components/badge.tsx';
import { CopyableId } from '#components/copy.tsx';
import type { Column } from '#components/data-table.tsx';
import { FilterSelect } from '#components/list-frame.tsx';
import { Meter } from '#components/meter.tsx';
import { PagedTable } from '#components/paged-table.tsx';
import { EmptyState } from '#components/states.tsx';
import { formatInteger, formatMoney } from '#lib/format.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { nextPage } from '#lib/trpc/next-page.ts';
import { useUrlState } from '#lib/url-state.ts';
import { useSearch } from '#lib/use-search.ts';
import { tenants as text } from '#text/en/admin.ts';
import { tenantListInput } from './list-input.ts';

const columns: Column<TenantView>[] = [
  {
    id: 'name',
    header: text.columns.name,
    cell: ({ row: { original } }) => (
      <div className="min-w-0 max-w-xs">
        <Link
          href={`/admin/tenants/${original.id}`}
          className="block truncate rounded font-medium leading-6 hover:text-accent-text"
        >
          {original.name}
        </Link>
        <CopyableId id={original.id} />
      </div>
    ),
  },
  {
    id: 'state',
    header: text.columns.state,
    cell: ({ row: { original } }) => (
      <Badge tone={original.suspended ? 'danger' : 'ok'} dot>
        {original.suspended ? text.suspended : text.active}
      </Badge>
    ),
  },
  { id: 'plan', header: text.columns.plan, cell: ({ row }) => row.original.plan.name },
  {
    id: 'use',
    header: text.columns.use,
    cell: ({ row: { original } }) => (
      <div className="w-48 max-sm:ml-auto max-sm:w-36">
        <Meter
          compact
          label={<span className="sr-only">{text.columns.use}</span>}
          used={original.gpuSecondsUsed}
          limit={original.gpuSecondsLimit}
          format={(value) => formatInteger(Math.ceil(value))}
        />
      </div>
    ),
  },
  {
    id: 'jobs',
    header: text.columns.jobs,
    meta: { align: 'right' },
    cell: ({ row }) => formatInteger(row.original.runningJobs),
  },
  {
    id: 'adapters',
    header: text.columns.adapters,
    meta: { align: 'right' },
    cell: ({ row }) => formatInteger(row.original.adapters),
  },
  {
    id: 'members',
    header: text.columns.members,
    meta: { align: 'right' },
    cell: ({ row }) => formatInteger(row.original.members),
  },
  {
    id: 'revenue',
    header: text.columns.revenue,
    meta: { align: 'right' },
    cell: ({ row }) => formatMoney(row.original.costMicrosThisMonth),
  },
];

export function TenantList() {
  const trpc = useTRPC();
  const search = useSearch();
  const { deferred } = search;
  const [sort, setSort] = useUrlState('order', 'newest');
  const [state, setState] = useUrlState('state');
  const query = useSuspenseInfiniteQuery(
    trpc.admin.tenants.list.infiniteQueryOptions(tenantListInput({ search: deferred, sort, state }), nextPage),
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
          <FilterSelect label={text.filter} value={state} onChange={setState} options={Object.entries(text.filters)} />
          <FilterSelect label={text.sort} value={sort} onChange={setSort} options={Object.entries(text.sorts)} />
        </>
      }
      filtered={state !== ''}
      onClear={() => setState('')}
      empty={
        <EmptyState icon={Building2} title={text.emptyTitle}>
          {text.emptyText}
        </EmptyState>
      }
      pages={query}
    />
  );
}
