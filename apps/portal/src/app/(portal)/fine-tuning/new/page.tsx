import type { Metadata } from 'next';
import { Page } from '#components/page.tsx';
import { QueryBoundary } from '#components/states.tsx';
import { NewJobForm } from '#features/training/new-job-form.tsx';
import { Hydrate, prefetch, query } from '#lib/trpc/server.tsx';
import { training as text } from '#text/en/training.ts';

export const metadata: Metadata = { title: text.newTitle };

export default function NewJobPage() {
  prefetch(query().datasets.list.queryOptions({ status: 'ready', limit: 200 }));
  prefetch(query().models.list.queryOptions());
  return (
    <Page
      title={text.newTitle}
      description={text.newDescription}
      crumbs={[{ href: '/fine-tuning', label: text.title }]}
    >
      <Hydrate>
        <QueryBoundary>
          <NewJobForm />
        </QueryBoundary>
      </Hydrate>
    </Page>
  );
}
