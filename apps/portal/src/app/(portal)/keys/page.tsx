import type { Metadata } from 'next';
import { Page } from '#components/page.tsx';
import { QueryBoundary } from '#components/states.tsx';
import { CreateKeyAction } from '#features/keys/create-key-action.tsx';
import { KeyList } from '#features/keys/key-list.tsx';
import { Hydrate, prefetch, query } from '#lib/trpc/server.tsx';
import { keys as text } from '#text/en/keys.ts';

export const metadata: Metadata = { title: text.title };

export default function KeysPage() {
  prefetch(query().keys.list.queryOptions());
  return (
    <Page title={text.title} description={text.description} actions={<CreateKeyAction />}>
      <Hydrate>
        <QueryBoundary>
          <KeyList />
        </QueryBoundary>
      </Hydrate>
    </Page>
  );
}
