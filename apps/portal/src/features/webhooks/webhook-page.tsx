'use client';

import type { WebhookDeliveryView } from '@parapet/contracts/portal/webhooks';
import { useMutation, useQueryClient, useSuspenseInfiniteQuery, useSuspenseQuery } from '@tanstack/react-query';
import { RotateCw, Send } from 'lucide-react';
import { useMemo } from 'react';
import { Badge } from '#components/badge.tsx';
import { Button } from '#components/button.tsx';
import { CopyableId } from '#components/copy.tsx';
import type { Column } from '#components/data-table.tsx';
import { Page } from '#components/page.tsx';
import { PagedTable } from '#components/paged-table.tsx';
import { EmptyState } from '#components/states.tsx';
import { Time } from '#components/time.tsx';
import { TimeOrderSelect } from '#components/time-order-select.tsx';
import { toast } from '#components/toast.tsx';
import { errorText } from '#lib/error-text.ts';
import { useMay } from '#lib/permissions.tsx';
import { timeOrder } from '#lib/time-order.ts';
import { useTRPC } from '#lib/trpc/client.tsx';
import { nextPage } from '#lib/trpc/next-page.ts';
import { useUrlState } from '#lib/url-state.ts';
import { useSearch } from '#lib/use-search.ts';
import { webhooks as text } from '#text/en/webhooks.ts';
import { deliveryTones } from './webhook-list.tsx';

/** One webhook's calls, each of which can be sent again. */
export function WebhookPage({ id }: { id: string }) {
  const trpc = useTRPC();
  const admin = useMay('admin');
  const queryClient = useQueryClient();
  const { data: hooks } = useSuspenseQuery(trpc.webhooks.list.queryOptions());
  const hook = hooks.find((one) => one.id === id);
  const search = useSearch();
  const [order, setOrder] = useUrlState('order', 'newest');
  const query = useSuspenseInfiniteQuery(
    trpc.webhooks.deliveries.infiniteQueryOptions(
      { webhookId: id, search: search.deferred, order: timeOrder(order) },
      { ...nextPage, refetchInterval: 10_000 },
    ),
  );
  const redeliver = useMutation(
    trpc.webhooks.redeliver.mutationOptions({
      onSuccess: async () => {
        toast(text.redelivered);
        await queryClient.invalidateQueries(trpc.webhooks.deliveries.pathFilter());
      },
      onError: (error) => toast(errorText(error), { tone: 'danger' }),
    }),
  );
  const columns = useMemo<Column<WebhookDeliveryView>[]>(
    () => [
      {
        id: 'event',
        header: text.columns.events,
        cell: ({ row: { original } }) => (
          <div>
            <code className="font-medium font-mono text-xs">{original.event}</code>
            <div>
              <CopyableId id={original.id} />
            </div>
          </div>
        ),
      },
      {
        id: 'status',
        header: text.columns.last,
        cell: ({ row: { original } }) => (
          <div className="max-sm:text-right">
            <Badge tone={deliveryTones[original.status]} dot>
              {text.deliveryStates[original.status]}
            </Badge>
            <p className="mt-1 text-faint text-xs [overflow-wrap:anywhere]">
              {[
                text.attempts(original.attempts),
                original.responseStatus === null ? null : text.answered(original.responseStatus),
                original.error,
              ]
                .filter(Boolean)
                .join(' · ')}
              {original.nextAttemptAt ? (
                <>
                  {' · '}
                  {text.nextTry} <Time at={original.nextAttemptAt} />
                </>
              ) : null}
            </p>
          </div>
        ),
      },
      {
        id: 'created',
        header: '',
        meta: { align: 'right' },
        cell: ({ row }) => <Time at={row.original.createdAt} className="whitespace-nowrap text-muted" />,
      },
      {
        id: 'actions',
        header: text.columns.actions,
        meta: { align: 'right', actions: true },
        cell: ({ row }) =>
          admin ? (
            <Button
              variant="ghost"
              size="iconSm"
              aria-label={`${text.redeliver}: ${row.original.id}`}
              onClick={() => redeliver.mutate({ deliveryId: row.original.id })}
            >
              <RotateCw />
            </Button>
          ) : null,
      },
    ],
    [admin, redeliver.mutate],
  );
  return (
    <Page
      title={hook?.url ?? id}
      crumbs={[{ href: '/webhooks', label: text.title }]}
      badge={hook ? <Badge tone={hook.enabled ? 'ok' : 'neutral'}>{hook.enabled ? text.on : text.off}</Badge> : null}
      description={<CopyableId id={id} full />}
    >
      <PagedTable
        label={text.deliveries}
        plural={text.deliveries.toLowerCase()}
        columns={columns}
        rows={query.data.pages.flatMap((page) => page.items)}
        rowId={(row) => row.id}
        search={search}
        filters={<TimeOrderSelect value={order} onChange={setOrder} />}
        empty={
          <EmptyState icon={Send} title={text.noDeliveries}>
            {text.noDeliveriesText}
          </EmptyState>
        }
        pages={query}
      />
    </Page>
  );
}
