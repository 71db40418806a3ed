import type { Metadata } from 'next';
import { Page } from '#components/page.tsx';
import { QueryBoundary } from '#components/states.tsx';
import { tenantListInput } from '#features/admin-tenants/list-input.ts';
import { TenantList } from '#features/admin-tenants/tenant-list.tsx';
import { nextPage } from '#lib/trpc/next-page.ts';
import { Hydrate, prefetchInfinite, query } from '#lib/trpc/server.tsx';
import { tenants as text } from '#text/en/admin.ts';

export const metadata: Metadata = { title: text.title };

type Props = { searchParams: Promise<{ q?: string; order?: string; state?: string }> };

export default async function TenantsPage({ searchParams }: Props) {
  const { q, order, state } = await searchParams;
  prefetchInfinite(
    query().admin.tenants.list.infiniteQueryOptions(tenantListInput({ search: q, sort: order, state }), nextPage),
  );
  return (
    <Page title={text.title} description={text.description} wide>
      <Hydrate>
        <QueryBoundary>
          <TenantList />
        </QueryBoundary>
      </Hydrate>
    </Page>
  );
}
