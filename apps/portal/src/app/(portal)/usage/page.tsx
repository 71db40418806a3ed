import type { Metadata } from 'next';
import { Page } from '#components/page.tsx';
import { QueryBoundary } from '#components/states.tsx';
import { QuotaCard } from '#features/quota/quota-card.tsx';
import { rangeName, rangeOf } from '#features/usage/ranges.ts';
import { usageGroup } from '#features/usage/usage-group.ts';
import { UsagePage } from '#features/usage/usage-page.tsx';
import { Hydrate, prefetch, query } from '#lib/trpc/server.tsx';
import { usage as text } from '#text/en/usage.ts';

export const metadata: Metadata = { title: text.title };

export default async function Usage({ searchParams }: { searchParams: Promise<{ range?: string; by?: string }> }) {
  const { range, by } = await searchParams;
  const nowMs = Date.now();
  prefetch(query().quota.get.queryOptions());
  prefetch(
    query().usage.get.queryOptions({
      ...rangeOf(rangeName(range), nowMs),
      groupBy: usageGroup(by),
    }),
  );
  return (
    <Page title={text.title} description={text.description}>
      <Hydrate>
        <QueryBoundary>
          <QuotaCard />
        </QueryBoundary>
        <QueryBoundary>
          <UsagePage nowMs={nowMs} />
        </QueryBoundary>
      </Hydrate>
    </Page>
  );
}
