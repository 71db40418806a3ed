import type { Metadata } from 'next';
import { Page } from '#components/page.tsx';
import { QueryBoundary } from '#components/states.tsx';
import { AddWebhook } from '#features/webhooks/add-webhook.tsx';
import { WebhookList } from '#features/webhooks/webhook-list.tsx';
import { Hydrate, prefetch, query } from '#lib/trpc/server.tsx';
import { webhooks as text } from '#text/en/webhooks.ts';

export const metadata: Metadata = { title: text.title };

export default function WebhooksPage() {
  prefetch(query().webhooks.list.queryOptions());
  return (
    <Page title={text.title} description={text.description} actions={<AddWebhook />}>
      <Hydrate>
        <QueryBoundary>
          <WebhookList />
        </QueryBoundary>
      </Hydrate>
    </Page>
  );
}
