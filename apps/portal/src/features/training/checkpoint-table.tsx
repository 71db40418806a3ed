'use client';

import type { CheckpointView } from '@parapet/contracts/portal/jobs';
import { Flag } from 'lucide-react';
import { Card } from '#components/card.tsx';
import { CopyableId } from '#components/copy.tsx';
import { type Column, DataTable } from '#components/data-table.tsx';
import { EmptyState } from '#components/states.tsx';
import { Time } from '#components/time.tsx';
import { formatDecimal, formatInteger } from '#lib/format.ts';
import { jobPage } from '#text/en/job-page.ts';

const text = jobPage.checkpoints;

const columns: Column<CheckpointView>[] = [
  { id: 'step', header: text.step, accessorFn: (row) => row.step, cell: ({ row }) => formatInteger(row.original.step) },
  {
    id: 'model',
    header: text.model,
    enableSorting: false,
    cell: ({ row }) =>
      row.original.model ? (
        <CopyableId id={row.original.model} full />
      ) : (
        <span className="text-faint">{text.stateOnly}</span>
      ),
  },
  {
    id: 'train',
    header: text.train,
    meta: { align: 'right' },
    accessorFn: (row) => row.trainLoss,
    cell: ({ row }) => (row.original.trainLoss === null ? '–' : formatDecimal(row.original.trainLoss)),
  },
  {
    id: 'valid',
    header: text.valid,
    meta: { align: 'right' },
    accessorFn: (row) => row.validLoss,
    cell: ({ row }) => (row.original.validLoss === null ? '–' : formatDecimal(row.original.validLoss)),
  },
  {
    id: 'created',
    header: text.created,
    meta: { align: 'right' },
    accessorFn: (row) => row.createdAt,
    cell: ({ row }) => <Time at={row.original.createdAt} className="whitespace-nowrap text-muted" />,
  },
];

export function CheckpointTable({ checkpoints }: { checkpoints: CheckpointView[] }) {
  return (
    <Card>
      <DataTable
        label={jobPage.tabs.checkpoints}
        columns={columns}
        rows={checkpoints}
        rowId={(row) => row.id}
        initialSort="-step"
        empty={<EmptyState icon={Flag} title={text.empty} />}
      />
    </Card>
  );
}
