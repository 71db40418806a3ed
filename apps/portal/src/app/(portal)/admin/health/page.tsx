import type { Metadata } from 'next';
import { Page } from '#components/page.tsx';
import { QueryBoundary } from '#components/states.tsx';
import { HealthPage } from '#features/admin-watch/health-page.tsx';
import { Hydrate, prefetch, query } from '#lib/trpc/server.tsx';
import { health as text } from '#text/en/admin.ts';

export const metadata: Metadata = { title: text.title };

export default function Health() {
  prefetch(query().admin.health.get.queryOptions());
  return (
    <Page title={text.title} description={text.description} wide>
      <Hydrate>
        <QueryBoundary>
          <HealthPage />
        </QueryBoundary>
      </Hydrate>
    </Page>
  );
}
