import type { Metadata } from 'next';
import { Page } from '#components/page.tsx';
import { QueryBoundary } from '#components/states.tsx';
import { DatasetList } from '#features/datasets/dataset-list.tsx';
import { FormatHelp } from '#features/datasets/format-help.tsx';
import { datasetListInput } from '#features/datasets/list-input.ts';
import { SampleDialog } from '#features/datasets/sample-dialog.tsx';
import { UploadZone } from '#features/datasets/upload-zone.tsx';
import { nextPage } from '#lib/trpc/next-page.ts';
import { Hydrate, prefetchInfinite, query } from '#lib/trpc/server.tsx';
import { datasets as text } from '#text/en/datasets.ts';

export const metadata: Metadata = { title: text.title };

type Props = { searchParams: Promise<{ q?: string; order?: string; status?: string }> };

export default async function DatasetsPage({ searchParams }: Props) {
  const { q, order, status } = await searchParams;
  prefetchInfinite(
    query().datasets.list.infiniteQueryOptions(datasetListInput({ search: q, sort: order, status }), nextPage),
  );
  return (
    <Page title={text.title} description={text.description} actions={<SampleDialog />}>
      <UploadZone />
      <Hydrate>
        <QueryBoundary>
          <DatasetList />
        </QueryBoundary>
      </Hydrate>
      <FormatHelp />
    </Page>
  );
}
