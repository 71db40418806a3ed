'use client';

import type { ReactNode } from 'react';
import { errorText } from '#lib/error-text.ts';
import type { Search } from '#lib/use-search.ts';
import { type Column, DataTable } from './data-table.tsx';
import { ListFrame, NoMatches, ShowMore } from './list-frame.tsx';

/** Of an infinite query, what a list needs to go on. */
export type MorePages = {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  isFetchNextPageError: boolean;
  error: unknown;
  fetchNextPage: () => Promise<unknown>;
};

/**
 * A list of one kind of thing: search and filters above it, its table, why there is nothing, and the next page.
 * Loading and errors of the first page are its QueryBoundary's.
 */
export function PagedTable<T>({
  label,
  plural,
  columns,
  rows,
  rowId,
  search,
  filters,
  filtered = false,
  onClear,
  count,
  empty,
  pages,
  initialSort,
}: {
  label: string;
  /** What the rows are, as the search names them. */
  plural: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  rowId: (row: T) => string;
  search: Search;
  filters?: ReactNode;
  /** Whether a filter besides the search leaves rows out. */
  filtered?: boolean;
  /** Takes those filters away. */
  onClear?: () => void;
  /** How many there are, told to screen readers when it changes. */
  count?: string;
  /** Where there is nothing at all. */
  empty: ReactNode;
  /** Of a list that the server sorts and gives page by page; without it all rows are here and sort by their columns. */
  pages?: MorePages;
  initialSort?: string;
}) {
  const clear = () => {
    search.setSearch('');
    onClear?.();
  };
  return (
    <ListFrame search={search.search} onSearch={search.setSearch} searchLabel={plural} filters={filters} count={count}>
      <DataTable
        label={label}
        columns={columns}
        rows={rows}
        rowId={rowId}
        sortable={pages === undefined}
        initialSort={initialSort}
        empty={search.deferred !== undefined || filtered ? <NoMatches onClear={clear} /> : empty}
        footer={
          pages ? (
            <ShowMore
              more={pages.hasNextPage}
              pending={pages.isFetchingNextPage}
              onMore={() => void pages.fetchNextPage()}
              error={pages.isFetchNextPageError ? errorText(pages.error) : undefined}
            />
          ) : null
        }
      />
    </ListFrame>
  );
}
