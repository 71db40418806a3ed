import type { Metadata } from 'next';
import { Page } from '#components/page.tsx';
import { QueryBoundary } from '#components/states.tsx';
import { AdapterList } from '#features/adapters/adapter-list.tsx';
import { ImportAdapter } from '#features/adapters/import-adapter.tsx';
import { adapterListInput } from '#features/adapters/list-input.ts';
import { nextPage } from '#lib/trpc/next-page.ts';
import { Hydrate, prefetchInfinite, query } from '#lib/trpc/server.tsx';
import { adapters as text } from '#text/en/adapters.ts';

export const metadata: Metadata = { title: text.title };

export default async function AdaptersPage({
  searchParams,
}: {
  searchParams: Promise<{ q?: string; order?: string }>;
}) {
  const { q, order } = await searchParams;
  prefetchInfinite(query().adapters.list.infiniteQueryOptions(adapterListInput({ search: q, sort: order }), nextPage));
  return (
    <Page title={text.title} description={text.description} actions={<ImportAdapter />}>
      <Hydrate>
        <QueryBoundary>
          <AdapterList />
        </QueryBoundary>
      </Hydrate>
    </Page>
  );
}
