import type { Metadata } from 'next';
import { QueryBoundary } from '#components/states.tsx';
import { TenantPage } from '#features/admin-tenants/tenant-page.tsx';
import { Hydrate, prefetch, query } from '#lib/trpc/server.tsx';
import { tenants as text } from '#text/en/admin.ts';

export const metadata: Metadata = { title: text.title };

export default async function Tenant({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  prefetch(query().admin.tenants.get.queryOptions({ organisationId: id }));
  return (
    <Hydrate>
      <QueryBoundary>
        <TenantPage id={id} />
      </QueryBoundary>
    </Hydrate>
  );
}
