'use client';

import { useMutation, useSuspenseQuery } from '@tanstack/react-query';
import { Download } from 'lucide-react';
import { Badge } from '#components/badge.tsx';
import { Button } from '#components/button.tsx';
import { Card } from '#components/card.tsx';
import { CopyableId } from '#components/copy.tsx';
import { Page } from '#components/page.tsx';
import { ScrollArea } from '#components/scroll-area.tsx';
import { Notice } from '#components/states.tsx';
import { toast } from '#components/toast.tsx';
import { errorText } from '#lib/error-text.ts';
import { formatInteger, formatMoney } from '#lib/format.ts';
import { saveFile } from '#lib/save-file.ts';
import { useTRPC, useTRPCClient } from '#lib/trpc/client.tsx';
import { statements as text } from '#text/en/usage.ts';
import { monthName } from './statement-list.tsx';

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
        <ScrollArea className="overflow-x-auto" label={monthName(statement.month)}>
          <table className="w-full text-[0.8125rem] [&_td]:px-4 [&_td]:py-2.5 [&_th]:px-4 [&_th]:py-2.5">
            <thead className="text-faint text-xs">
              <tr className="border-line border-b [&>th]:font-medium">
                <th scope="col" className="text-left">
                  {text.lines.description}
                </th>
                <th scope="col" className="text-right">
                  {text.lines.quantity}
                </th>
                <th scope="col" className="text-right max-sm:hidden">
                  {text.lines.price}
                </th>
                <th scope="col" className="text-right">
                  {text.lines.amount}
                </th>
              </tr>
            </thead>
            <tbody className="tabular-nums">
              {statement.lines.map((line) => (
                <tr key={`${line.description} ${line.unitPriceMicros}`} className="border-line border-b">
                  <td>{line.description}</td>
                  <td className="whitespace-nowrap text-right">
                    {formatInteger(line.quantity)} <span className="text-faint">{line.unit}</span>
                  </td>
                  <td className="whitespace-nowrap text-right max-sm:hidden">
                    {formatMoney(line.unitPriceMicros, statement.currency)}
                  </td>
                  <td className="whitespace-nowrap text-right">{formatMoney(line.amountMicros, statement.currency)}</td>
                </tr>
              ))}
            </tbody>
            <tfoot>
              <tr className="font-semibold">
                <th scope="row" className="text-left font-semibold">
                  {text.total}
                </th>
                <td className="max-sm:hidden" />
                <td colSpan={2} className="text-right tabular-nums">
                  {formatMoney(statement.totals.costMicros, statement.currency)}
                </td>
              </tr>
            </tfoot>
          </table>
        </ScrollArea>
      </Card>
    </Page>
  );
}
