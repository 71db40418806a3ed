'use client';

import type { StatementView } from '@parapet/contracts/portal/usage';
import { useMutation, useSuspenseQuery } from '@tanstack/react-query';
import { Download, Receipt } from 'lucide-react';
import { Badge } from '#components/badge.tsx';
import { Button } from '#components/button.tsx';
import { Card } from '#components/card.tsx';
import { CopyableId } from '#components/copy.tsx';
import { type Column, DataTable } from '#components/data-table.tsx';
import { Page } from '#components/page.tsx';
import { EmptyState, Notice } from '#components/states.tsx';
import { toast } from '#components/toast.tsx';
import { errorText } from '#lib/error-text.ts';
import { formatInteger, formatMoney } from '#lib/format.ts';
import { saveFile } from '#lib/save-file.ts';
import { useTRPC, useTRPCClient } from '#lib/trpc/client.tsx';
import { statements as text } from '#text/en/usage.ts';
import { monthName } from './statement-list.tsx';

type Line = StatementView['lines'][number];

const lineColumns = (currency: string): Column<Line>[] => [
  {
    id: 'description',
    header: text.lines.description,
    cell: ({ row }) => <span className="max-sm:font-medium">{row.original.description}</span>,
  },
  {
    id: 'quantity',
    header: text.lines.quantity,
    meta: { align: 'right' },
    cell: ({ row: { original: line } }) => (
      <span className="whitespace-nowrap">
        {formatInteger(line.quantity)} <span className="text-faint">{line.unit}</span>
      </span>
    ),
  },
  {
    id: 'price',
    header: text.lines.price,
    meta: { align: 'right' },
    cell: ({ row: { original: line } }) =>
      line.unitPriceMicros === 0 ? (
        '–'
      ) : (
        <span className="whitespace-nowrap">
          {formatMoney(line.unitPriceMicros, currency)}{' '}
          <span className="text-faint">{line.unit === 'tokens' ? text.aMillion : text.each}</span>
        </span>
      ),
  },
  {
    id: 'amount',
    header: text.lines.amount,
    meta: { align: 'right' },
    cell: ({ row }) => formatMoney(row.original.amountMicros, currency),
  },
];

export function StatementPage({ id }: { id: string }) {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const { data: statement } = useSuspenseQuery(trpc.usage.statement.queryOptions({ statementId: id }));
  const save = useMutation({
    mutationFn: (format: 'csv' | 'html') => client.usage.statementExport.query({ statementId: id, format }),
    onSuccess: saveFile,
    onError: (error) => toast(errorText(error), { tone: 'danger' }),
  });
  return (
    <Page
      title={monthName(statement.month)}
      crumbs={[{ href: '/statements', label: text.title }]}
      badge={<Badge tone={statement.state === 'open' ? 'accent' : 'neutral'}>{text.states[statement.state]}</Badge>}
      description={<CopyableId id={statement.id} full />}
      actions={(['csv', 'html'] as const).map((format) => (
        <Button key={format} onClick={() => save.mutate(format)} pending={save.isPending && save.variables === format}>
          <Download />
          {text[format]}
        </Button>
      ))}
    >
      {statement.state === 'open' ? <Notice className="mb-4">{text.open}</Notice> : null}
      <Card>
        <DataTable
          label={monthName(statement.month)}
          columns={lineColumns(statement.currency)}
          rows={statement.lines}
          rowId={(line) => `${line.description} ${line.unitPriceMicros}`}
          sortable={false}
          empty={<EmptyState icon={Receipt} title={text.noLines} />}
          footer={
            <p className="flex justify-between border-line border-t px-4 py-3 font-semibold text-[0.8125rem] tabular-nums sm:px-5">
              <span>{text.total}</span>
              <span>{formatMoney(statement.totals.costMicros, statement.currency)}</span>
            </p>
          }
        />
      </Card>
    </Page>
  );
}
