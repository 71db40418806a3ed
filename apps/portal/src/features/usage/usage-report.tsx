'use client';

import type { UsageRow, UsageTotals } from '@parapet/contracts/portal/usage';
import { ChartColumn, Download } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button } from '#components/button.tsx';
import { Card, CardBody, CardHeader, Stat } from '#components/card.tsx';
import { Segmented } from '#components/choice.tsx';
import { type Column, DataTable } from '#components/data-table.tsx';
import { FilterSelect } from '#components/list-frame.tsx';
import { EmptyState } from '#components/states.tsx';
import { cn } from '#lib/cn.ts';
import { formatCompact, formatDate, formatDateTime, formatInteger, formatMicros, formatMoney } from '#lib/format.ts';
import { useUrlState } from '#lib/url-state.ts';
import { usage as text } from '#text/en/usage.ts';
import { type RangeName, rangeName } from './ranges.ts';
import { type Measure, toSeries } from './series.ts';
import { swatches, UsageChart } from './usage-chart.tsx';

const measureNames = Object.keys(text.measures) as Measure[];

export function useUsageAddress() {
  const [range, setRange] = useUrlState('range', '30d');
  const [group, setGroup] = useUrlState('by', 'none');
  const [measure, setMeasure] = useUrlState('show');
  return {
    range: rangeName(range),
    setRange,
    group,
    setGroup,
    measure: measureNames.find((name) => name === measure) ?? null,
    setMeasure,
  };
}

/** Totals, bars and the table of one range of usage; the same for a customer and for the platform. */
export function UsageReport({
  view,
  window: shown,
  address,
  groups,
  onExport,
  exporting,
  filters,
}: {
  view: { rows: UsageRow[]; totals: UsageTotals; currency: string };
  window: { from: number; to: number; bucket: 'hour' | 'day' };
  address: ReturnType<typeof useUsageAddress>;
  groups: readonly (readonly [string, string])[];
  onExport: () => void;
  exporting: boolean;
  filters?: ReactNode;
}) {
  const { range, group } = address;
  const { totals, currency } = view;
  // Where nothing has a price, the tokens say more than a chart of noughts.
  const measure = address.measure ?? (totals.costMicros > 0 ? 'costMicros' : 'tokens');
  const format = formatMeasure(measure, currency);
  const { data, labels } = toSeries(view.rows, shown, measure, text.other);
  const empty = view.rows.length === 0;
  return (
    <div className="grid gap-5">
      <Card>
        <CardBody className="pt-4 sm:pt-5">
          <dl className="grid grid-cols-2 gap-x-6 gap-y-5 sm:grid-cols-3 lg:grid-cols-6">
            <Stat label={text.totals.cost} value={formatMoney(totals.costMicros, currency)} />
            <Stat label={text.totals.requests} value={formatInteger(totals.requests)} />
            <Stat
              label={text.totals.prompt}
              value={formatCompact(totals.promptTokens)}
              note={text.totals.cached(formatCompact(totals.cachedTokens))}
            />
            <Stat label={text.totals.completion} value={formatCompact(totals.completionTokens)} />
            <Stat
              label={text.totals.inference}
              value={formatMicros(totals.inferenceDeviceMicros)}
              note={text.totals.device}
            />
            <Stat
              label={text.totals.training}
              value={formatMicros(totals.trainingDeviceMicros)}
              note={text.totals.trained(formatCompact(totals.trainedTokens))}
            />
          </dl>
        </CardBody>
      </Card>
      <Card>
        <CardHeader
          title={
            <Segmented
              label={text.measure}
              value={measure}
              onChange={address.setMeasure}
              options={measureNames.map((value) => ({ value, label: text.measures[value] }))}
            />
          }
          actions={
            <>
              {filters}
              <FilterSelect label={text.group} value={group} onChange={address.setGroup} options={groups} />
              <FilterSelect
                label={text.range}
                value={range}
                onChange={address.setRange}
                options={Object.entries(text.ranges) as [RangeName, string][]}
              />
              <Button onClick={onExport} pending={exporting}>
                <Download />
                {text.export}
              </Button>
            </>
          }
        />
        <CardBody>
          {group === 'none' || empty ? null : (
            <ul className="mb-3 flex flex-wrap gap-x-4 gap-y-1 text-xs">
              {labels.map((label, index) => (
                <li key={label} className="flex min-w-0 items-center gap-1.5">
                  <span aria-hidden="true" className={cn('size-2 shrink-0 rounded-[2px]', swatches[index])} />
                  <span className="truncate text-muted">{label}</span>
                </li>
              ))}
            </ul>
          )}
          {empty ? (
            <EmptyState icon={ChartColumn} title={text.none}>
              {text.noneHint}
            </EmptyState>
          ) : (
            <UsageChart
              label={text.chart(text.measures[measure], text.ranges[range])}
              data={data}
              labels={labels}
              format={format}
              hourly={shown.bucket === 'hour'}
            />
          )}
        </CardBody>
      </Card>
      {empty ? null : (
        <Card>
          <DataTable
            label={text.table}
            columns={columns(group !== 'none', shown.bucket === 'hour', currency)}
            rows={view.rows}
            rowId={(row) => `${row.at} ${row.group}`}
            initialSort="-at"
            empty={null}
          />
        </Card>
      )}
    </div>
  );
}

function formatMeasure(measure: Measure, currency: string): (value: number) => string {
  if (measure === 'costMicros') return (value) => formatMoney(value, currency);
  if (measure === 'device') return formatMicros;
  return formatCompact;
}

function columns(grouped: boolean, hourly: boolean, currency: string): Column<UsageRow>[] {
  const number = (id: string, header: string, value: (row: UsageRow) => number, format = formatInteger) =>
    ({
      id,
      header,
      accessorFn: value,
      meta: { align: 'right' },
      cell: ({ row }) => format(value(row.original)),
    }) satisfies Column<UsageRow>;
  return [
    {
      id: 'at',
      header: text.columns.at,
      accessorFn: (row) => row.at,
      cell: ({ row }) => (hourly ? formatDateTime(row.original.at) : formatDate(row.original.at)),
    },
    ...(grouped
      ? [
          {
            id: 'group',
            header: text.columns.group,
            accessorFn: (row: UsageRow) => row.groupLabel,
          } satisfies Column<UsageRow>,
        ]
      : []),
    number('requests', text.columns.requests, (row) => row.requests),
    number('prompt', text.columns.prompt, (row) => row.promptTokens),
    number('completion', text.columns.completion, (row) => row.completionTokens),
    number('device', text.columns.device, (row) => row.inferenceDeviceMicros + row.trainingDeviceMicros, formatMicros),
    number(
      'cost',
      text.columns.cost,
      (row) => row.costMicros,
      (value) => formatMoney(value, currency),
    ),
  ];
}
