import type { Metadata } from 'next';
import { Page } from '#components/page.tsx';
import { QueryBoundary } from '#components/states.tsx';
import { JobQueue } from '#features/admin-watch/job-queue.tsx';
import { queueInput } from '#features/admin-watch/queue-input.ts';
import { nextPage } from '#lib/trpc/next-page.ts';
import { Hydrate, prefetchInfinite, query } from '#lib/trpc/server.tsx';
import { adminJobs as text } from '#text/en/admin.ts';

export const metadata: Metadata = { title: text.title };

type Props = { searchParams: Promise<{ q?: string; status?: string; order?: string }> };

export default async function JobQueuePage({ searchParams }: Props) {
  const { q, status, order } = await searchParams;
  prefetchInfinite(query().admin.jobs.list.infiniteQueryOptions(queueInput({ search: q, status, order }), nextPage));
  return (
    <Page title={text.title} description={text.description} wide>
      <Hydrate>
        <QueryBoundary>
          <JobQueue />
        </QueryBoundary>
      </Hydrate>
    </Page>
  );
}
