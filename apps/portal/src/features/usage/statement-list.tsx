'use client';

import type { StatementView } from '@parapet/contracts/portal/usage';
import { useSuspenseQuery } from '@tanstack/react-query';
import { Receipt } from 'lucide-react';
import Link from 'next/link';
import { Badge } from '#components/badge.tsx';
import type { Column } from '#components/data-table.tsx';
import { PagedTable } from '#components/paged-table.tsx';
import { EmptyState } from '#components/states.tsx';
import { formatCompact, formatInteger, formatMoney } from '#lib/format.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { useSearch } from '#lib/use-search.ts';
import { statements as text } from '#text/en/usage.ts';

export const monthName = (at: number): string =>
  new Intl.DateTimeFormat('en', { month: 'long', year: 'numeric', timeZone: 'UTC' }).format(at);

const columns: Column<StatementView>[] = [
  {
    id: 'month',
    header: text.month,
    accessorFn: (row) => row.month,
    cell: ({ row: { original } }) => (
      <Link href={`/statements/${original.id}`} className="rounded font-medium hover:text-accent-text">
        {monthName(original.month)}
      </Link>
    ),
  },
  {
    id: 'state',
    header: text.state,
    accessorFn: (row) => row.state,
    cell: ({ row: { original } }) => (
      <Badge tone={original.state === 'open' ? 'accent' : 'neutral'} dot>
        {text.states[original.state]}
      </Badge>
    ),
  },
  {
    id: 'requests',
    header: text.requests,
    meta: { align: 'right' },
    accessorFn: (row) => row.totals.requests,
    cell: ({ row }) => formatInteger(row.original.totals.requests),
  },
  {
    id: 'tokens',
    header: text.tokens,
    meta: { align: 'right' },
    accessorFn: (row) => row.totals.promptTokens + row.totals.completionTokens,
    cell: ({ row }) => formatCompact(row.original.totals.promptTokens + row.original.totals.completionTokens),
  },
  {
    id: 'amount',
    header: text.amount,
    meta: { align: 'right' },
    accessorFn: (row) => row.totals.costMicros,
    cell: ({ row: { original } }) => (
      <span className="font-medium">{formatMoney(original.totals.costMicros, original.currency)}</span>
    ),
  },
];

export function StatementList() {
  const trpc = useTRPC();
  const search = useSearch();
  const { deferred } = search;
  const { data } = useSuspenseQuery(trpc.usage.statements.queryOptions());
  const rows = data.filter(
    (row) => deferred === undefined || monthName(row.month).toLowerCase().includes(deferred.toLowerCase()),
  );
  return (
    <PagedTable
      label={text.title}
      plural={text.title.toLowerCase()}
      columns={columns}
      rows={rows}
      rowId={(row) => row.id}
      search={search}
      initialSort="-month"
      empty={
        <EmptyState icon={Receipt} title={text.empty}>
          {text.emptyHint}
        </EmptyState>
      }
    />
  );
}
