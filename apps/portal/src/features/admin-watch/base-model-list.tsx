'use client';

import type { BaseModelView } from '@parapet/contracts/portal/admin';
import { useSuspenseQuery } from '@tanstack/react-query';
import { Boxes } from 'lucide-react';
import { Badge } from '#components/badge.tsx';
import { CopyableId } from '#components/copy.tsx';
import type { Column } from '#components/data-table.tsx';
import { PagedTable } from '#components/paged-table.tsx';
import { EmptyState } from '#components/states.tsx';
import { formatCompact, formatInteger, formatMoney } from '#lib/format.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { useSearch } from '#lib/use-search.ts';
import { baseModels as text } from '#text/en/base-models.ts';
import { BaseModelMenu } from './base-model-menu.tsx';
import { ModelVerification } from './model-verification.tsx';
import { ModelWeights } from './model-weights.tsx';

const tones = { ready: 'ok', loading: 'accent', failed: 'danger', retired: 'neutral' } as const;

const columns: Column<BaseModelView>[] = [
  {
    id: 'name',
    header: text.columns.name,
    accessorFn: (model) => model.name,
    cell: ({ row: { original: model } }) => (
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-2 font-medium">
          {model.name}
          {model.isDefault ? <Badge tone="accent">{text.isDefault}</Badge> : null}
        </p>
        {model.digest ? <CopyableId id={model.digest} /> : null}
      </div>
    ),
  },
  {
    id: 'state',
    header: text.columns.state,
    accessorFn: (model) => model.state,
    cell: ({ row: { original: model } }) => (
      <Badge tone={tones[model.state]} dot live={model.state === 'loading'}>
        {text.states[model.state]}
      </Badge>
    ),
  },
  {
    id: 'size',
    header: text.columns.size,
    accessorFn: (model) => model.parameters,
    meta: { align: 'right' },
    cell: ({ row: { original: model } }) => (
      <span>
        {model.parameters === null ? '–' : formatCompact(model.parameters)}{' '}
        <span className="text-faint">{model.weights}</span>
      </span>
    ),
  },
  {
    id: 'context',
    header: text.columns.context,
    accessorFn: (model) => model.contextTokens,
    meta: { align: 'right' },
    cell: ({ row }) => (row.original.contextTokens === null ? '–' : formatInteger(row.original.contextTokens)),
  },
  { id: 'workers', header: text.columns.workers, accessorFn: (model) => model.workers, meta: { align: 'right' } },
  { id: 'adapters', header: text.columns.adapters, accessorFn: (model) => model.adapters, meta: { align: 'right' } },
  {
    id: 'price',
    header: text.columns.price,
    enableSorting: false,
    cell: ({ row: { original: model } }) =>
      model.price === null ? (
        <span className="text-faint">{text.noPrice}</span>
      ) : (
        text.perMillion(
          formatMoney(model.price.promptMicrosPerMillionTokens, model.price.currency),
          formatMoney(model.price.completionMicrosPerMillionTokens, model.price.currency),
        )
      ),
  },
  {
    id: 'actions',
    header: text.columns.actions,
    enableSorting: false,
    meta: { align: 'right', actions: true },
    cell: ({ row }) => <BaseModelMenu model={row.original} />,
  },
];

export function BaseModelList() {
  const trpc = useTRPC();
  const search = useSearch();
  const { deferred } = search;
  const { data } = useSuspenseQuery(
    trpc.admin.baseModels.list.queryOptions(undefined, {
      refetchInterval: ({ state }) => (state.data?.some(({ task }) => task !== null) ? 1000 : 5000),
    }),
  );
  const rows = data.filter((model) => deferred === undefined || model.name.includes(deferred.toLowerCase()));
  return (
    <div className="grid gap-8">
      <PagedTable
        label={text.title}
        plural={text.plural}
        columns={columns}
        rows={rows}
        rowId={(model) => model.id}
        search={search}
        empty={
          <EmptyState icon={Boxes} title={text.empty}>
            {text.emptyText}
          </EmptyState>
        }
      />
      {rows
        .filter(({ state }) => state !== 'retired')
        .map((model) => (
          <section key={model.id} aria-label={model.name} className="grid gap-3">
            <h2 className="font-semibold text-sm">{model.name}</h2>
            <div className="grid items-start gap-4 2xl:grid-cols-2">
              <ModelVerification model={model} />
              <ModelWeights model={model} />
            </div>
          </section>
        ))}
    </div>
  );
}
