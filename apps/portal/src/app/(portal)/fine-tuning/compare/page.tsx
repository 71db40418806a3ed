import type { Metadata } from 'next';
import { Page } from '#components/page.tsx';
import { QueryBoundary } from '#components/states.tsx';
import { CompareJobs, NothingToCompare } from '#features/training/compare-jobs.tsx';
import { Hydrate, prefetch, query } from '#lib/trpc/server.tsx';
import { training as text } from '#text/en/training.ts';

export const metadata: Metadata = { title: text.compareTitle };

export default async function CompareJobsPage({ searchParams }: { searchParams: Promise<{ jobs?: string }> }) {
  const jobIds = ((await searchParams).jobs ?? '').split(',').filter(Boolean).slice(0, 6);
  if (jobIds.length > 0) prefetch(query().jobs.compare.queryOptions({ jobIds }));
  return (
    <Page
      title={text.compareTitle}
      description={text.compareDescription}
      crumbs={[{ href: '/fine-tuning', label: text.title }]}
    >
      {jobIds.length === 0 ? (
        <NothingToCompare />
      ) : (
        <Hydrate>
          <QueryBoundary>
            <CompareJobs jobIds={jobIds} />
          </QueryBoundary>
        </Hydrate>
      )}
    </Page>
  );
}
