import type { Metadata } from 'next';
import { Page } from '#components/page.tsx';
import { QueryBoundary } from '#components/states.tsx';
import { platformGroup } from '#features/admin-money/platform-group.ts';
import { PlatformUsage } from '#features/admin-money/platform-usage.tsx';
import { rangeName, rangeOf } from '#features/usage/ranges.ts';
import { Hydrate, prefetch, query } from '#lib/trpc/server.tsx';
import { adminUsage as text } from '#text/en/admin.ts';

export const metadata: Metadata = { title: text.title };

type Props = { searchParams: Promise<{ range?: string; by?: string }> };

export default async function PlatformUsagePage({ searchParams }: Props) {
  const { range, by } = await searchParams;
  const nowMs = Date.now();
  prefetch(query().admin.usage.get.queryOptions({ ...rangeOf(rangeName(range), nowMs), groupBy: platformGroup(by) }));
  return (
    <Page title={text.title} description={text.description} wide>
      <Hydrate>
        <QueryBoundary>
          <PlatformUsage nowMs={nowMs} />
        </QueryBoundary>
      </Hydrate>
    </Page>
  );
}
