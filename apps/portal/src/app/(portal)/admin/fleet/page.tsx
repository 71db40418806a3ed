import type { Metadata } from 'next';
import { Page } from '#components/page.tsx';
import { QueryBoundary } from '#components/states.tsx';
import { FleetPage } from '#features/admin-watch/fleet-page.tsx';
import { Hydrate, prefetch, query } from '#lib/trpc/server.tsx';
import { fleet as text } from '#text/en/admin.ts';

export const metadata: Metadata = { title: text.title };

export default function Fleet() {
  prefetch(query().admin.fleet.get.queryOptions());
  return (
    <Page title={text.title} description={text.description} wide>
      <Hydrate>
        <QueryBoundary>
          <FleetPage />
        </QueryBoundary>
      </Hydrate>
    </Page>
  );
}
