import type { Metadata } from 'next';
import { Page } from '#components/page.tsx';
import { QueryBoundary } from '#components/states.tsx';
import { type AuditAddress, auditFilter } from '#features/audit/audit-input.ts';
import { OrganisationAudit } from '#features/audit/organisation-audit.tsx';
import { timeOrder } from '#lib/time-order.ts';
import { nextPage } from '#lib/trpc/next-page.ts';
import { Hydrate, prefetchInfinite, query } from '#lib/trpc/server.tsx';
import { audit as text } from '#text/en/audit.ts';

export const metadata: Metadata = { title: text.title };

type Props = { searchParams: Promise<AuditAddress & { q?: string; order?: string }> };

export default async function AuditPage({ searchParams }: Props) {
  const { q, order, ...address } = await searchParams;
  prefetchInfinite(
    query().audit.list.infiniteQueryOptions(
      { ...auditFilter(address), search: q || undefined, order: timeOrder(order) },
      nextPage,
    ),
  );
  return (
    <Page title={text.title} description={text.description}>
      <Hydrate>
        <QueryBoundary>
          <OrganisationAudit />
        </QueryBoundary>
      </Hydrate>
    </Page>
  );
}
