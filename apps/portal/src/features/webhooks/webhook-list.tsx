'use client';

import type { WebhookView } from '@parapet/contracts/portal/webhooks';
import { useMutation, useQueryClient, useSuspenseQuery } from '@tanstack/react-query';
import { Trash2, Webhook } from 'lucide-react';
import Link from 'next/link';
import { useMemo } from 'react';
import { Badge } from '#components/badge.tsx';
import { Button } from '#components/button.tsx';
import { Switch } from '#components/choice.tsx';
import { Confirm } from '#components/confirm.tsx';
import { CopyableId } from '#components/copy.tsx';
import type { Column } from '#components/data-table.tsx';
import { PagedTable } from '#components/paged-table.tsx';
import { EmptyState } from '#components/states.tsx';
import { Time } from '#components/time.tsx';
import { toast } from '#components/toast.tsx';
import { errorText } from '#lib/error-text.ts';
import { useMay } from '#lib/permissions.tsx';
import { useTRPC } from '#lib/trpc/client.tsx';
import { useSearch } from '#lib/use-search.ts';
import { webhooks as text, webhookEventNames } from '#text/en/webhooks.ts';

export const deliveryTones = { delivered: 'ok', failed: 'danger', pending: 'neutral' } as const;

export function WebhookList() {
  const trpc = useTRPC();
  const admin = useMay('admin');
  const queryClient = useQueryClient();
  const search = useSearch();
  const { deferred } = search;
  const { data } = useSuspenseQuery(trpc.webhooks.list.queryOptions());
  const update = useMutation(
    trpc.webhooks.update.mutationOptions({
      onSuccess: () => queryClient.invalidateQueries(trpc.webhooks.pathFilter()),
      onError: (error) => toast(errorText(error), { tone: 'danger' }),
    }),
  );
  const remove = useMutation(trpc.webhooks.delete.mutationOptions());
  const rows = data.filter((hook) => deferred === undefined || hook.url.toLowerCase().includes(deferred.toLowerCase()));
  const columns = useMemo<Column<WebhookView>[]>(
    () => [
      {
        id: 'url',
        header: text.columns.url,
        accessorFn: (hook) => hook.url,
        cell: ({ row: { original: hook } }) => (
          <div className="min-w-0 max-w-md">
            <Link
              href={`/webhooks/${hook.id}`}
              className="block truncate rounded font-medium font-mono text-xs leading-6 hover:text-accent-text"
            >
              {hook.url}
            </Link>
            <CopyableId id={hook.id} />
          </div>
        ),
      },
      {
        id: 'events',
        header: text.columns.events,
        enableSorting: false,
        cell: ({ row }) => row.original.events.map((event) => webhookEventNames[event]).join(', '),
      },
      {
        id: 'last',
        header: text.columns.last,
        accessorFn: (hook) => hook.lastDelivery?.at ?? 0,
        cell: ({ row: { original: hook } }) =>
          hook.lastDelivery ? (
            <span className="flex items-center gap-2">
              <Badge tone={deliveryTones[hook.lastDelivery.status]} dot>
                {text.deliveryStates[hook.lastDelivery.status]}
              </Badge>
              <Time at={hook.lastDelivery.at} className="whitespace-nowrap text-faint" />
            </span>
          ) : (
            <span className="text-faint">{text.never}</span>
          ),
      },
      {
        id: 'enabled',
        header: text.columns.enabled,
        accessorFn: (hook) => hook.enabled,
        cell: ({ row: { original: hook } }) => (
          <Switch
            label={<span className="sr-only">{text.enable(hook.url)}</span>}
            checked={hook.enabled}
            disabled={!admin}
            onChange={(enabled) => update.mutate({ webhookId: hook.id, enabled })}
          />
        ),
      },
      {
        id: 'actions',
        header: text.columns.actions,
        enableSorting: false,
        meta: { align: 'right', actions: true },
        cell: ({ row: { original: hook } }) =>
          admin ? (
            <Confirm
              trigger={
                <Button variant="ghost" size="iconSm" aria-label={`${text.delete} ${hook.url}`}>
                  <Trash2 />
                </Button>
              }
              title={text.deleteTitle}
              action={text.delete}
              onConfirm={async () => {
                await remove.mutateAsync({ webhookId: hook.id });
                toast(text.deleted);
                await queryClient.invalidateQueries(trpc.webhooks.pathFilter());
              }}
            >
              <span className="[overflow-wrap:anywhere]">{hook.url}</span>. {text.deleteText}
            </Confirm>
          ) : null,
      },
    ],
    [admin, queryClient, trpc, update.mutate, remove.mutateAsync],
  );
  return (
    <PagedTable
      label={text.title}
      plural={text.plural}
      columns={columns}
      rows={rows}
      rowId={(hook) => hook.id}
      search={search}
      empty={
        <EmptyState icon={Webhook} title={text.emptyTitle}>
          {text.emptyText}
        </EmptyState>
      }
    />
  );
}
