import type { Metadata } from 'next';
import { QueryBoundary } from '#components/states.tsx';
import { AdapterPage } from '#features/adapters/adapter-page.tsx';
import { Hydrate, prefetch, query } from '#lib/trpc/server.tsx';
import { adapters as text } from '#text/en/adapters.ts';

export const metadata: Metadata = { title: text.title };

export default async function Adapter({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  prefetch(query().adapters.get.queryOptions({ adapterId: id }));
  return (
    <Hydrate>
      <QueryBoundary>
        <AdapterPage id={id} />
      </QueryBoundary>
    </Hydrate>
  );
}
