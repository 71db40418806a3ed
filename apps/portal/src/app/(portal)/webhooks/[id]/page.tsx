import type { Metadata } from 'next';
import { QueryBoundary } from '#components/states.tsx';
import { WebhookPage } from '#features/webhooks/webhook-page.tsx';
import { timeOrder } from '#lib/time-order.ts';
import { nextPage } from '#lib/trpc/next-page.ts';
import { Hydrate, prefetch, prefetchInfinite, query } from '#lib/trpc/server.tsx';
import { webhooks as text } from '#text/en/webhooks.ts';

export const metadata: Metadata = { title: text.title };

type Props = { params: Promise<{ id: string }>; searchParams: Promise<{ q?: string; order?: string }> };

export default async function WebhookDeliveries({ params, searchParams }: Props) {
  const { id } = await params;
  const { q, order } = await searchParams;
  prefetch(query().webhooks.list.queryOptions());
  prefetchInfinite(
    query().webhooks.deliveries.infiniteQueryOptions(
      { webhookId: id, search: q || undefined, order: timeOrder(order) },
      nextPage,
    ),
  );
  return (
    <Hydrate>
      <QueryBoundary>
        <WebhookPage id={id} />
      </QueryBoundary>
    </Hydrate>
  );
}
