import type { Metadata } from 'next';
import { Page } from '#components/page.tsx';
import { QueryBoundary } from '#components/states.tsx';
import { LedgerList } from '#features/admin-money/ledger-list.tsx';
import { Reconcile } from '#features/admin-money/reconcile.tsx';
import { timeOrder } from '#lib/time-order.ts';
import { nextPage } from '#lib/trpc/next-page.ts';
import { Hydrate, prefetchInfinite, query } from '#lib/trpc/server.tsx';
import { ledger as text } from '#text/en/admin.ts';

export const metadata: Metadata = { title: text.title };

type Props = { searchParams: Promise<{ q?: string; tenant?: string; order?: string }> };

export default async function LedgerPage({ searchParams }: Props) {
  const { q, tenant, order } = await searchParams;
  prefetchInfinite(
    query().admin.ledger.list.infiniteQueryOptions(
      { search: q || undefined, organisationId: tenant || undefined, order: timeOrder(order) },
      nextPage,
    ),
  );
  return (
    <Page title={text.title} description={text.description} wide>
      <Reconcile />
      <Hydrate>
        <QueryBoundary>
          <LedgerList />
        </QueryBoundary>
      </Hydrate>
    </Page>
  );
}
