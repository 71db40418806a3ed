// biome-ignore-all lint/a11y/noRedundantRoles: cards change `display`, which takes a table's own roles away in some browsers
'use client';

import {
  type ColumnDef,
  flexRender,
  getCoreRowModel,
  getSortedRowModel,
  type RowData,
  type SortingState,
  useReactTable,
} from '@tanstack/react-table';
import { ArrowDown, ArrowUp, ChevronsUpDown } from 'lucide-react';
import type { ReactNode } from 'react';
import { cn } from '#lib/cn.ts';
import { useUrlState } from '#lib/url-state.ts';
import { common } from '#text/en/common.ts';

declare module '@tanstack/react-table' {
  interface ColumnMeta<TData extends RowData, TValue> {
    /** Numbers stand right, under each other. */
    align?: 'right';
    /** On narrow screens, where a row becomes a card: left out. */
    hideOnCard?: boolean;
    /** The row's buttons: top right on a card. */
    actions?: boolean;
  }
}

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
  // biome-ignore lint/suspicious/noExplicitAny: columns of one table have values of many types; tanstack's own signature
  columns: ColumnDef<T, any>[];
  rows: T[];
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
  const sorting: SortingState =
    sortable && sort !== '' ? [{ id: sort.replace(/^-/, ''), desc: sort.startsWith('-') }] : [];
  const table = useReactTable({
    data: rows,
    columns,
    state: { sorting: sorting.filter(({ id }) => columns.some((column) => column.id === id)) },
    onSortingChange: (update) => {
      const [first] = typeof update === 'function' ? update(sorting) : update;
      setSort(first ? `${first.desc ? '-' : ''}${first.id}` : '');
    },
    getRowId: rowId,
    enableSorting: sortable,
    getCoreRowModel: getCoreRowModel(),
    getSortedRowModel: getSortedRowModel(),
  });
  if (rows.length === 0) return <>{empty}</>;
  return (
    <>
      <div className="overflow-x-auto">
        <table role="table" aria-label={label} className="w-full text-[0.8125rem] max-sm:block">
          <thead role="rowgroup" className="max-sm:sr-only">
            {table.getHeaderGroups().map((group) => (
              <tr role="row" key={group.id} className="border-line border-b">
                {group.headers.map((header) => {
                  const direction = header.column.getIsSorted();
                  const meta = header.column.columnDef.meta;
                  const text = flexRender(header.column.columnDef.header, header.getContext());
                  return (
                    <th
                      role="columnheader"
                      key={header.id}
                      scope="col"
                      aria-sort={direction === 'asc' ? 'ascending' : direction === 'desc' ? 'descending' : undefined}
                      className={cn(
                        'h-9 whitespace-nowrap px-3 text-left font-medium text-faint text-xs first:pl-4 last:pr-4 sm:first:pl-5 sm:last:pr-5',
                        meta?.align === 'right' && 'text-right',
                      )}
                    >
                      {header.column.getCanSort() ? (
                        <button
                          type="button"
                          onClick={header.column.getToggleSortingHandler()}
                          aria-label={common.sortBy(String(header.column.columnDef.header))}
                          className="group/sort -mx-1 inline-flex items-center gap-1 rounded px-1 hover:text-ink"
                        >
                          {text}
                          {direction === 'asc' ? (
                            <ArrowUp className="size-3" aria-hidden="true" />
                          ) : direction === 'desc' ? (
                            <ArrowDown className="size-3" aria-hidden="true" />
                          ) : (
                            <ChevronsUpDown
                              className="size-3 opacity-0 group-hover/sort:opacity-100 group-focus-visible/sort:opacity-100"
                              aria-hidden="true"
                            />
                          )}
                        </button>
                      ) : meta?.actions ? (
                        <span className="sr-only">{text}</span>
                      ) : (
                        text
                      )}
                    </th>
                  );
                })}
              </tr>
            ))}
          </thead>
          <tbody role="rowgroup" className="max-sm:block">
            {table.getRowModel().rows.map((row) => (
              <tr
                role="row"
                key={row.id}
                className="border-line border-b last:border-b-0 hover:bg-subtle max-sm:relative max-sm:block max-sm:px-4 max-sm:py-3"
              >
                {row.getVisibleCells().map((cell, index) => {
                  const meta = cell.column.columnDef.meta;
                  return (
                    <td
                      role="cell"
                      key={cell.id}
                      className={cn(
                        'px-3 py-2.5 align-middle tabular-nums first:pl-4 last:pr-4 sm:first:pl-5 sm:last:pr-5',
                        meta?.align === 'right' && 'sm:text-right',
                        index === 0
                          ? 'max-sm:block max-sm:p-0! max-sm:pr-10! max-sm:pb-1.5!'
                          : meta?.actions
                            ? 'max-sm:absolute max-sm:top-2.5 max-sm:right-3 max-sm:p-0!'
                            : 'max-sm:flex max-sm:items-baseline max-sm:justify-between max-sm:gap-4 max-sm:p-0! max-sm:py-0.5!',
                        meta?.hideOnCard && 'max-sm:hidden',
                      )}
                    >
                      {index > 0 && !meta?.actions ? (
                        <span aria-hidden="true" className="text-faint text-xs sm:hidden">
                          {String(cell.column.columnDef.header)}
                        </span>
                      ) : null}
                      {index > 0 && !meta?.actions ? (
                        <span className="min-w-0 max-sm:text-right">
                          {flexRender(cell.column.columnDef.cell, cell.getContext())}
                        </span>
                      ) : (
                        flexRender(cell.column.columnDef.cell, cell.getContext())
                      )}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {footer}
    </>
  );
}
