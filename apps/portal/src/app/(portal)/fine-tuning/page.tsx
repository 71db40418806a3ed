import type { Metadata } from 'next';
import { Page } from '#components/page.tsx';
import { QueryBoundary } from '#components/states.tsx';
import { JobList } from '#features/training/job-list.tsx';
import { jobListInput } from '#features/training/job-list-input.ts';
import { NewJobLink } from '#features/training/new-job-link.tsx';
import { nextPage } from '#lib/trpc/next-page.ts';
import { Hydrate, prefetchInfinite, query } from '#lib/trpc/server.tsx';
import { training as text } from '#text/en/training.ts';

export const metadata: Metadata = { title: text.title };

type Props = { searchParams: Promise<{ q?: string; order?: string; status?: string }> };

export default async function FineTuningPage({ searchParams }: Props) {
  const { q, order, status } = await searchParams;
  prefetchInfinite(query().jobs.list.infiniteQueryOptions(jobListInput({ search: q, sort: order, status }), nextPage));
  return (
    <Page title={text.title} description={text.description} actions={<NewJobLink />}>
      <Hydrate>
        <QueryBoundary>
          <JobList />
        </QueryBoundary>
      </Hydrate>
    </Page>
  );
}
