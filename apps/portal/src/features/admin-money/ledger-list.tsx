'use client';

import type { LedgerEntryView } from '@parapet/contracts/portal/admin';
import { useSuspenseInfiniteQuery } from '@tanstack/react-query';
import { BookOpenCheck } from 'lucide-react';
import Link from 'next/link';
import { CopyableId } from '#components/copy.tsx';
import type { Column } from '#components/data-table.tsx';
import { PagedTable } from '#components/paged-table.tsx';
import { EmptyState } from '#components/states.tsx';
import { TimeOrderSelect } from '#components/time-order-select.tsx';
import { formatDateTime, formatMicros, formatMoney } from '#lib/format.ts';
import { timeOrder } from '#lib/time-order.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { nextPage } from '#lib/trpc/next-page.ts';
import { useUrlState } from '#lib/url-state.ts';
import { useSearch } from '#lib/use-search.ts';
import { ledger as text } from '#text/en/admin.ts';

const columns: Column<LedgerEntryView>[] = [
  {
    id: 'kind',
    header: text.columns.kind,
    cell: ({ row: { original } }) => (
      <div>
        <span className="font-medium">{text.kinds[original.kind] ?? original.kind}</span>
        <div>
          <CopyableId id={original.id} />
        </div>
      </div>
    ),
  },
  {
    id: 'organisation',
    header: text.columns.organisation,
    cell: ({ row: { original } }) => (
      <Link href={`/admin/tenants/${original.organisationId}`} className="rounded hover:text-accent-text">
        {original.organisationName}
      </Link>
    ),
  },
  {
    id: 'reference',
    header: text.columns.reference,
    cell: ({ row: { original } }) => {
      const reference = original.requestId ?? original.jobId;
      return reference === null ? <span className="text-faint">–</span> : <CopyableId id={reference} />;
    },
  },
  {
    id: 'device',
    header: text.columns.device,
    meta: { align: 'right' },
    cell: ({ row }) => formatMicros(row.original.deviceMicros),
  },
  {
    id: 'cost',
    header: text.columns.cost,
    meta: { align: 'right' },
    cell: ({ row }) => formatMoney(row.original.costMicros),
  },
  {
    id: 'at',
    header: text.columns.at,
    meta: { align: 'right' },
    cell: ({ row }) => <span className="whitespace-nowrap text-muted">{formatDateTime(row.original.at)}</span>,
  },
];

export function LedgerList() {
  const trpc = useTRPC();
  const search = useSearch();
  const { deferred } = search;
  const [tenant, setTenant] = useUrlState('tenant');
  const [order, setOrder] = useUrlState('order', 'newest');
  const query = useSuspenseInfiniteQuery(
    trpc.admin.ledger.list.infiniteQueryOptions(
      { search: deferred, organisationId: tenant || undefined, order: timeOrder(order) },
      nextPage,
    ),
  );
  return (
    <PagedTable
      label={text.title}
      plural={text.plural}
      columns={columns}
      rows={query.data.pages.flatMap((page) => page.items)}
      rowId={(row) => row.id}
      search={search}
      filters={
        <>
          <input
            value={tenant}
            onChange={(event) => setTenant(event.target.value.trim())}
            placeholder={text.organisation}
            aria-label={text.organisation}
            className="field h-8 w-52 px-2 font-mono text-xs"
          />
          <TimeOrderSelect value={order} onChange={setOrder} />
        </>
      }
      filtered={tenant !== ''}
      onClear={() => setTenant('')}
      empty={
        <EmptyState icon={BookOpenCheck} title={text.empty}>
          {text.emptyText}
        </EmptyState>
      }
      pages={query}
    />
  );
}
