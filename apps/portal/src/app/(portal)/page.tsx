import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import { Page } from '#components/page.tsx';
import { QueryBoundary } from '#components/states.tsx';
import { startQueries } from '#features/start/queries.ts';
import { StartPage } from '#features/start/start-page.tsx';
import { Hydrate, prefetch, query, session } from '#lib/trpc/server.tsx';
import { start as text } from '#text/en/start.ts';

export const metadata: Metadata = { title: text.title };

export default async function Start() {
  const visitor = await session();
  // A platform admin without an organisation has nothing to start here.
  if (visitor?.organisation === null) redirect('/admin/tenants');
  const nowMs = Date.now();
  const options = startQueries(query(), nowMs);
  prefetch(options.datasets);
  prefetch(options.jobs);
  prefetch(options.usage);
  prefetch(options.quota);
  return (
    <Page title={text.welcome(visitor?.user.name.split(' ')[0] ?? '')} description={text.description}>
      <Hydrate>
        <QueryBoundary>
          <StartPage nowMs={nowMs} />
        </QueryBoundary>
      </Hydrate>
    </Page>
  );
}
