import type { Metadata } from 'next';
import { QueryBoundary } from '#components/states.tsx';
import { JobPage } from '#features/training/job-page.tsx';
import { Hydrate, prefetch, query } from '#lib/trpc/server.tsx';
import { training as text } from '#text/en/training.ts';

export const metadata: Metadata = { title: text.title };

export default async function FineTuningJobPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  prefetch(query().jobs.get.queryOptions({ jobId: id }));
  prefetch(query().jobs.metrics.queryOptions({ jobId: id, maxPoints: 2000 }));
  return (
    <Hydrate>
      <QueryBoundary>
        <JobPage id={id} />
      </QueryBoundary>
    </Hydrate>
  );
}
