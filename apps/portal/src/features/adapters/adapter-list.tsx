'use client';

import type { AdapterView } from '@parapet/contracts/portal/adapters';
import { useSuspenseInfiniteQuery } from '@tanstack/react-query';
import { Layers } from 'lucide-react';
import Link from 'next/link';
import { Badge } from '#components/badge.tsx';
import { Button } from '#components/button.tsx';
import { CopyableId } from '#components/copy.tsx';
import type { Column } from '#components/data-table.tsx';
import { FilterSelect } from '#components/list-frame.tsx';
import { PagedTable } from '#components/paged-table.tsx';
import { EmptyState } from '#components/states.tsx';
import { Time } from '#components/time.tsx';
import { formatBytes } from '#lib/format.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { nextPage } from '#lib/trpc/next-page.ts';
import { useUrlState } from '#lib/url-state.ts';
import { useSearch } from '#lib/use-search.ts';
import { adapters as text } from '#text/en/adapters.ts';
import { adapterListInput } from './list-input.ts';
import { methodText } from './method-text.ts';

const columns: Column<AdapterView>[] = [
  {
    id: 'name',
    header: text.columns.name,
    cell: ({ row: { original } }) => (
      <div className="min-w-0 max-w-sm">
        <Link
          href={`/adapters/${original.id}`}
          className="block truncate rounded font-medium leading-6 hover:text-accent-text"
        >
          {original.name}
        </Link>
        <CopyableId id={original.id} />
      </div>
    ),
  },
  {
    id: 'latest',
    header: text.columns.latest,
    cell: ({ row: { original } }) =>
      original.latest ? (
        <span className="whitespace-nowrap">
          <span className="font-medium">{text.versionShort(original.latest.version)}</span>{' '}
          <span className="text-faint">{text.versionCount(original.versions)}</span>
        </span>
      ) : (
        '–'
      ),
  },
  {
    id: 'aliases',
    header: text.columns.aliases,
    cell: ({ row: { original } }) => (
      <span className="flex flex-wrap gap-1 max-sm:justify-end">
        {original.aliases.length === 0 ? <span className="text-faint">–</span> : null}
        {original.aliases.map((alias) => (
          <Badge key={alias.name} tone="accent">
            {alias.name} → {text.versionShort(alias.version)}
          </Badge>
        ))}
      </span>
    ),
  },
  {
    id: 'method',
    header: text.columns.method,
    cell: ({ row: { original } }) => (
      <span className="text-muted">{original.latest ? methodText(original.latest.config) : '–'}</span>
    ),
  },
  {
    id: 'size',
    header: text.columns.size,
    meta: { align: 'right' },
    cell: ({ row }) => formatBytes(row.original.bytes),
  },
  {
    id: 'created',
    header: text.columns.created,
    meta: { align: 'right' },
    cell: ({ row }) => <Time at={row.original.createdAt} className="whitespace-nowrap text-muted" />,
  },
];

export function AdapterList() {
  const trpc = useTRPC();
  const search = useSearch();
  const { deferred } = search;
  const [sort, setSort] = useUrlState('order', 'newest');
  const query = useSuspenseInfiniteQuery(
    trpc.adapters.list.infiniteQueryOptions(adapterListInput({ search: deferred, sort }), nextPage),
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
      filters={<FilterSelect label={text.sort} value={sort} onChange={setSort} options={Object.entries(text.sorts)} />}
      empty={
        <EmptyState
          icon={Layers}
          title={text.emptyTitle}
          action={
            <Button asChild variant="primary">
              <Link href="/fine-tuning/new">{text.startJob}</Link>
            </Button>
          }
        >
          {text.emptyText}
        </EmptyState>
      }
      pages={query}
    />
  );
}
