import type { Metadata } from 'next';
import { QueryBoundary } from '#components/states.tsx';
import { DatasetDetail } from '#features/datasets/dataset-detail.tsx';
import { Hydrate, prefetch, query } from '#lib/trpc/server.tsx';
import { datasets as text } from '#text/en/datasets.ts';

export const metadata: Metadata = { title: text.title };

export default async function DatasetPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  prefetch(query().datasets.get.queryOptions({ datasetId: id }));
  prefetch(query().datasets.rows.queryOptions({ datasetId: id, offset: 0, limit: 100 }));
  return (
    <Hydrate>
      <QueryBoundary>
        <DatasetDetail id={id} />
      </QueryBoundary>
    </Hydrate>
  );
}
