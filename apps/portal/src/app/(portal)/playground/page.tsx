import type { Metadata } from 'next';
import { Page } from '#components/page.tsx';
import { QueryBoundary } from '#components/states.tsx';
import { Playground } from '#features/playground/playground.tsx';
import { Hydrate, prefetch, query } from '#lib/trpc/server.tsx';
import { playground as text } from '#text/en/playground.ts';

export const metadata: Metadata = { title: text.title };

export default function PlaygroundPage() {
  prefetch(query().models.list.queryOptions());
  return (
    <Page title={text.title} description={text.description} wide>
      <Hydrate>
        <QueryBoundary>
          <Playground />
        </QueryBoundary>
      </Hydrate>
    </Page>
  );
}
