import type { Metadata } from 'next';
import { Page } from '#components/page.tsx';
import { QueryBoundary } from '#components/states.tsx';
import { StatementList } from '#features/usage/statement-list.tsx';
import { Hydrate, prefetch, query } from '#lib/trpc/server.tsx';
import { statements as text } from '#text/en/usage.ts';

export const metadata: Metadata = { title: text.title };

export default function StatementsPage() {
  prefetch(query().usage.statements.queryOptions());
  return (
    <Page title={text.title} description={text.description}>
      <Hydrate>
        <QueryBoundary>
          <StatementList />
        </QueryBoundary>
      </Hydrate>
    </Page>
  );
}
