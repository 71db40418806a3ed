'use client';

import type { BaseModelView } from '@parapet/contracts/portal/admin';
import { useMutation, useQueryClient, useSuspenseQuery } from '@tanstack/react-query';
import { Archive, Boxes, Coins, Ellipsis, Star } from 'lucide-react';
import { useState } from 'react';
import { Badge } from '#components/badge.tsx';
import { Button } from '#components/button.tsx';
import { Confirm } from '#components/confirm.tsx';
import { CopyableId } from '#components/copy.tsx';
import { type Column, DataTable } from '#components/data-table.tsx';
import { ListFrame, NoMatches } from '#components/list-frame.tsx';
import { Menu, MenuItem } from '#components/menu.tsx';
import { EmptyState } from '#components/states.tsx';
import { toast } from '#components/toast.tsx';
import { errorText } from '#lib/error-text.ts';
import { formatCompact, formatInteger, formatMoney } from '#lib/format.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { useSearch } from '#lib/use-search.ts';
import { baseModels as text } from '#text/en/admin.ts';
import { common } from '#text/en/common.ts';
import { PriceDialog } from './price-dialog.tsx';

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
    cell: ({ row }) => <ModelMenu model={row.original} />,
  },
];

export function BaseModelList() {
  const trpc = useTRPC();
  const { search, setSearch, deferred } = useSearch();
  const { data } = useSuspenseQuery(trpc.admin.baseModels.list.queryOptions(undefined, { refetchInterval: 5000 }));
  const rows = data.filter((model) => deferred === undefined || model.name.includes(deferred.toLowerCase()));
  return (
    <ListFrame search={search} onSearch={setSearch} searchLabel={text.plural}>
      <DataTable
        label={text.title}
        columns={columns}
        rows={rows}
        rowId={(model) => model.id}
        empty={
          data.length > 0 ? (
            <NoMatches onClear={() => setSearch('')} />
          ) : (
            <EmptyState icon={Boxes} title={text.empty}>
              {text.emptyText}
            </EmptyState>
          )
        }
      />
    </ListFrame>
  );
}

function ModelMenu({ model }: { model: BaseModelView }) {
  const [open, setOpen] = useState<'price' | 'retire' | null>(null);
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const reload = () => queryClient.invalidateQueries(trpc.admin.baseModels.pathFilter());
  const retire = useMutation(trpc.admin.baseModels.retire.mutationOptions());
  const makeDefault = useMutation(
    trpc.admin.baseModels.setDefault.mutationOptions({
      onSuccess: async () => {
        toast(text.madeDefault(model.name));
        await reload();
      },
      onError: (error) => toast(errorText(error), { tone: 'danger' }),
    }),
  );
  const close = (next: boolean) => setOpen(next ? open : null);
  return (
    <>
      <Menu
        trigger={
          <Button variant="ghost" size="iconSm" aria-label={common.actionsFor(model.name)}>
            <Ellipsis />
          </Button>
        }
      >
        <MenuItem onSelect={() => setOpen('price')}>
          <Coins />
          {text.setPrice}
        </MenuItem>
        {model.isDefault || model.state !== 'ready' ? null : (
          <MenuItem onSelect={() => makeDefault.mutate({ baseModelId: model.id })}>
            <Star />
            {text.makeDefault}
          </MenuItem>
        )}
        {model.isDefault || model.state === 'retired' ? null : (
          <MenuItem tone="danger" onSelect={() => setOpen('retire')}>
            <Archive />
            {text.retire}
          </MenuItem>
        )}
      </Menu>
      <PriceDialog model={model} open={open === 'price'} onOpenChange={close} />
      <Confirm
        open={open === 'retire'}
        onOpenChange={close}
        title={text.retireTitle(model.name)}
        action={text.retire}
        undoable={text.retireUndo}
        onConfirm={async () => {
          await retire.mutateAsync({ baseModelId: model.id });
          toast(text.retired(model.name));
          await reload();
        }}
      >
        {text.retireText}
      </Confirm>
    </>
  );
}
