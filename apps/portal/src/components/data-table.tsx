// biome-ignore-all lint/a11y/noRedundantRoles: cards change `display`, which takes a table's own roles away in some browsers
'use client';

import { ArrowDown, ArrowUp, ChevronsUpDown } from 'lucide-react';
import type { ReactNode } from 'react';
import { cn } from '#lib/cn.ts';
import { type SortValue, sortRows } from '#lib/sort-rows.ts';
import { useUrlState } from '#lib/url-state.ts';
import { common } from '#text/en/common.ts';

export type Column<T> = {
  id: string;
  header: string;
  /** What the column sorts by, and shows where there is no `cell`. Without it the column can't be sorted. */
  accessorFn?: (row: T) => SortValue;
  cell?: (context: { row: { original: T } }) => ReactNode;
  enableSorting?: boolean;
  meta?: {
    /** Numbers stand right, under each other. */
    align?: 'right';
    /** The row's buttons: top right on a card. */
    actions?: boolean;
  };
};

/**
 * A table on wide screens and a list of cards on narrow ones, with the same elements: explicit roles keep it a table
 * for screen readers. Sorting is in the address. The first column names the row.
 */
export function DataTable<T>({
  label,
  columns,
  rows,
  rowId,
  empty,
  sortable = true,
  initialSort = '',
  footer,
}: {
  label: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  rowId: (row: T) => string;
  /** What stands there when no row does. */
  empty: ReactNode;
  /** False where the server sorts. */
  sortable?: boolean;
  /** `column` or `-column`. */
  initialSort?: string;
  footer?: ReactNode;
}) {
  const [sort, setSort] = useUrlState('sort', initialSort);
  const descending = sort.startsWith('-');
  const sorted = columns.find((column) => sortable && column.id === sort.replace(/^-/, ''));
  const shown = sorted?.accessorFn ? sortRows(rows, sorted.accessorFn, descending) : rows;
  if (rows.length === 0) return <>{empty}</>;
  return (
    <>
      <div className="relative overflow-x-auto">
        <table role="table" aria-label={label} className="w-full text-[0.8125rem] max-sm:block">
          <thead role="rowgroup" className="max-sm:sr-only">
            <tr role="row" className="border-line border-b">
              {columns.map((column) => {
                const { id, header, accessorFn, enableSorting = true, meta } = column;
                const direction = column === sorted ? (descending ? 'descending' : 'ascending') : undefined;
                return (
                  <th
                    role="columnheader"
                    key={id}
                    scope="col"
                    aria-sort={direction}
                    className={cn(
                      'h-9 whitespace-nowrap px-3 font-medium text-faint text-xs first:pl-4 last:pr-4 sm:first:pl-5 sm:last:pr-5',
                      meta?.align === 'right' ? 'text-right' : 'text-left',
                    )}
                  >
                    {sortable && accessorFn && enableSorting ? (
                      <button
                        type="button"
                        onClick={() => setSort(direction === 'ascending' ? `-${id}` : id)}
                        className="group/sort -mx-1 inline-flex items-center gap-1 rounded px-1 hover:text-ink"
                      >
                        <span className="sr-only">{common.sortBy('')}</span>
                        {header}
                        <SortIcon direction={direction} />
                      </button>
                    ) : (
                      <span className={meta?.actions ? 'sr-only' : undefined}>{header}</span>
                    )}
                  </th>
                );
              })}
            </tr>
          </thead>
          <tbody role="rowgroup" className="max-sm:block">
            {shown.map((row) => (
              <tr
                role="row"
                key={rowId(row)}
                className="border-line border-b last:border-b-0 hover:bg-subtle max-sm:relative max-sm:block max-sm:px-4 max-sm:py-3"
              >
                {columns.map((column, index) => (
                  <Cell key={column.id} column={column} row={row} first={index === 0} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {footer}
    </>
  );
}

function Cell<T>({ column, row, first }: { column: Column<T>; row: T; first: boolean }) {
  const { header, accessorFn, cell, meta } = column;
  const content = cell ? cell({ row: { original: row } }) : String(accessorFn?.(row) ?? '–');
  const named = !first && !meta?.actions;
  return (
    <td
      role="cell"
      className={cn(
        'px-3 py-2.5 align-middle tabular-nums first:pl-4 last:pr-4 sm:first:pl-5 sm:last:pr-5',
        meta?.align === 'right' && 'sm:text-right',
        first && 'max-sm:block max-sm:p-0! max-sm:pr-10! max-sm:pb-1.5!',
        meta?.actions && 'max-sm:absolute max-sm:top-2.5 max-sm:right-3 max-sm:p-0!',
        named && 'max-sm:flex max-sm:items-baseline max-sm:justify-between max-sm:gap-4 max-sm:p-0! max-sm:py-0.5!',
      )}
    >
      {named ? (
        <>
          <span aria-hidden="true" className="shrink-0 text-faint text-xs sm:hidden">
            {header}
          </span>
          <span className="min-w-0 max-sm:text-right">{content}</span>
        </>
      ) : (
        content
      )}
    </td>
  );
}

function SortIcon({ direction }: { direction: 'ascending' | 'descending' | undefined }) {
  if (direction === 'ascending') return <ArrowUp className="size-3" aria-hidden="true" />;
  if (direction === 'descending') return <ArrowDown className="size-3" aria-hidden="true" />;
  return (
    <ChevronsUpDown
      className="size-3 opacity-0 group-hover/sort:opacity-100 group-focus-visible/sort:opacity-100"
      aria-hidden="true"
    />
  );
}
