'use client';

import type { AdapterDetail, AdapterVersionView } from '@parapet/contracts/portal/adapters';
import { useMemo } from 'react';
import { Badge } from '#components/badge.tsx';
import { CopyableId } from '#components/copy.tsx';
import { type Column, DataTable } from '#components/data-table.tsx';
import { Time } from '#components/time.tsx';
import { formatBytes, formatDecimal } from '#lib/format.ts';
import { adapters } from '#text/en/adapters.ts';
import { VersionMenu } from './version-menu.tsx';

const text = adapters.versions;
const loss = (value: number | null) => (value === null ? '–' : formatDecimal(value));

export function VersionTable({ adapter }: { adapter: AdapterDetail }) {
  const columns = useMemo<Column<AdapterVersionView>[]>(
    () => [
      {
        id: 'version',
        header: text.version,
        accessorFn: (row) => row.version,
        cell: ({ row: { original } }) => (
          <span className="flex flex-wrap items-center gap-1.5">
            <span className="font-medium">{adapters.versionShort(original.version)}</span>
            {adapter.aliases
              .filter((alias) => alias.versionId === original.id)
              .map((alias) => (
                <Badge key={alias.name} tone="accent">
                  {alias.name}
                </Badge>
              ))}
          </span>
        ),
      },
      {
        id: 'model',
        header: text.model,
        enableSorting: false,
        cell: ({ row }) => <CopyableId id={row.original.model} full className="max-w-full! sm:max-w-72!" />,
      },
      { id: 'origin', header: text.origin, accessorFn: (row) => text.origins[row.origin] },
      {
        id: 'train',
        header: text.train,
        meta: { align: 'right' },
        accessorFn: (row) => row.trainLoss,
        cell: ({ row }) => loss(row.original.trainLoss),
      },
      {
        id: 'valid',
        header: text.valid,
        meta: { align: 'right' },
        accessorFn: (row) => row.validLoss,
        cell: ({ row }) => loss(row.original.validLoss),
      },
      {
        id: 'size',
        header: text.size,
        meta: { align: 'right' },
        accessorFn: (row) => row.bytes,
        cell: ({ row }) => formatBytes(row.original.bytes),
      },
      {
        id: 'created',
        header: text.created,
        meta: { align: 'right' },
        accessorFn: (row) => row.createdAt,
        cell: ({ row }) => <Time at={row.original.createdAt} className="whitespace-nowrap text-muted" />,
      },
      {
        id: 'actions',
        header: adapters.columns.actions,
        enableSorting: false,
        meta: { align: 'right', actions: true },
        cell: ({ row }) => <VersionMenu adapter={adapter} version={row.original} />,
      },
    ],
    [adapter],
  );
  return (
    <DataTable
      label={adapters.tabs.versions}
      columns={columns}
      rows={adapter.versionList}
      rowId={(row) => row.id}
      initialSort="-version"
      empty={null}
    />
  );
}
