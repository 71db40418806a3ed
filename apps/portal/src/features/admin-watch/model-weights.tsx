import type { QuantiseResult } from '@parapet/contracts/model-task';
import type { BaseModelView, ModelTaskView } from '@parapet/contracts/portal/admin';
import { CircleX } from 'lucide-react';
import { Badge } from '#components/badge.tsx';
import { Button } from '#components/button.tsx';
import { Card, CardBody, CardHeader } from '#components/card.tsx';
import { type Column, DataTable } from '#components/data-table.tsx';
import { Notice } from '#components/states.tsx';
import { Time } from '#components/time.tsx';
import { formatBytes, formatDecimal, formatInteger, formatPercent } from '#lib/format.ts';
import { modelTasks as text } from '#text/en/base-models.ts';
import { ModelTaskProgress } from './model-task-progress.tsx';
import { useModelTask } from './use-model-task.ts';

interface WeightsRow {
  kind: 'int8' | 'q4';
  served: boolean;
  task: ModelTaskView | undefined;
  result: QuantiseResult | null;
}

/** A model's quantised weights: how large, how close to 32 bits, which of them workers serve. */
export function ModelWeights({ model }: { model: BaseModelView }) {
  const { quantise, pending } = useModelTask(model);
  const { task } = model;
  const rows = (['int8', 'q4'] as const).map((kind): WeightsRow => {
    const last = model.quantisations.find(({ weights }) => weights === kind);
    const result = last?.result?.kind === 'quantise' ? last.result : null;
    return { kind, served: model.served.includes(kind), task: last, result };
  });
  const measured = (show: (result: QuantiseResult) => React.ReactNode): Column<WeightsRow>['cell'] => {
    return ({ row: { original: row } }) =>
      row.result === null ? <span className="text-faint">{text.notMade}</span> : show(row.result);
  };
  const columns: Column<WeightsRow>[] = [
    {
      id: 'kind',
      header: text.columns.kind,
      cell: ({ row: { original: row } }) => (
        <span className="flex flex-wrap items-center gap-x-2">
          <span className="font-medium">{text.kinds[row.kind]}</span>
          {row.served ? <Badge tone="ok">{text.servedNow}</Badge> : null}
          <span className="text-faint text-xs">{text.kindHints[row.kind]}</span>
        </span>
      ),
    },
    {
      id: 'size',
      header: text.columns.size,
      meta: { align: 'right' },
      cell: measured((result) => (
        <>
          <span className="whitespace-nowrap">{formatBytes(result.bytes)}</span>{' '}
          <span className="block whitespace-nowrap text-faint text-xs">
            {text.sizeNote(formatPercent(result.bytes / result.fp32Bytes))}
          </span>
        </>
      )),
    },
    {
      id: 'agreement',
      header: text.columns.agreement,
      meta: { align: 'right' },
      cell: measured((result) => (
        <>
          {formatPercent(result.agreement)}{' '}
          <span className="block text-faint text-xs">{text.agreementNote(formatInteger(result.positions))}</span>
        </>
      )),
    },
    {
      id: 'perplexity',
      header: text.columns.perplexity,
      meta: { align: 'right' },
      cell: measured((result) => (
        <>
          {formatDecimal(result.perplexity, 2)}{' '}
          <span className="block text-faint text-xs">
            {text.perplexityNote(formatDecimal(result.fp32Perplexity, 2))}
          </span>
        </>
      )),
    },
    {
      id: 'made',
      header: text.columns.made,
      cell: ({ row }) =>
        row.original.task?.finishedAt ? (
          <Time at={row.original.task.finishedAt} className="whitespace-nowrap text-muted" />
        ) : (
          '–'
        ),
    },
    {
      id: 'actions',
      header: text.columns.actions,
      meta: { align: 'right', actions: true },
      cell: ({ row: { original: row } }) => (
        <Button
          size="sm"
          disabled={task !== null || model.digest === null}
          pending={pending}
          aria-label={`${row.task ? text.quantiseAgain : text.quantise}: ${text.quantiseOf(text.kinds[row.kind]!, model.name)}`}
          onClick={() => quantise(row.kind)}
        >
          {row.task ? text.quantiseAgain : text.quantise}
        </Button>
      ),
    },
  ];
  const failed = rows.filter((row) => row.task?.status === 'failed');
  return (
    <Card>
      <CardHeader level={3} title={text.weights} description={text.weightsText} />
      {task?.kind === 'quantise' || failed.length > 0 ? (
        <CardBody className="grid gap-3">
          {task?.kind === 'quantise' ? <ModelTaskProgress model={model} task={task} /> : null}
          {failed.map((row) => (
            <Notice key={row.kind} tone="danger" icon={CircleX} title={`${text.kinds[row.kind]}: ${text.failedAt}`}>
              {row.task?.error}
            </Notice>
          ))}
        </CardBody>
      ) : null}
      <div className="border-line border-t">
        <DataTable
          label={text.weights}
          columns={columns}
          rows={rows}
          rowId={(row) => row.kind}
          sortable={false}
          empty={null}
        />
      </div>
      <p className="border-line border-t px-4 py-3 text-faint text-xs sm:px-5">{text.choose}</p>
    </Card>
  );
}
