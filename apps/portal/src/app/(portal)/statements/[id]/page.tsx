import type { Metadata } from 'next';
import { QueryBoundary } from '#components/states.tsx';
import { StatementPage } from '#features/usage/statement-page.tsx';
import { Hydrate, prefetch, query } from '#lib/trpc/server.tsx';
import { statements as text } from '#text/en/usage.ts';

export const metadata: Metadata = { title: text.title };

export default async function Statement({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  prefetch(query().usage.statement.queryOptions({ statementId: id }));
  return (
    <Hydrate>
      <QueryBoundary>
        <StatementPage id={id} />
      </QueryBoundary>
    </Hydrate>
  );
}
