import type { Metadata } from 'next';
import { QueryBoundary } from '#components/states.tsx';
import { WebhookPage } from '#features/webhooks/webhook-page.tsx';
import { nextPage } from '#lib/trpc/next-page.ts';
import { Hydrate, prefetch, prefetchInfinite, query } from '#lib/trpc/server.tsx';
import { webhooks as text } from '#text/en/webhooks.ts';

export const metadata: Metadata = { title: text.title };

export default async function WebhookDeliveries({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  prefetch(query().webhooks.list.queryOptions());
  prefetchInfinite(query().webhooks.deliveries.infiniteQueryOptions({ webhookId: id }, nextPage));
  return (
    <Hydrate>
      <QueryBoundary>
        <WebhookPage id={id} />
      </QueryBoundary>
    </Hydrate>
  );
}
