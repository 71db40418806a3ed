import type { Metadata } from 'next';
import { Page } from '#components/page.tsx';
import { QueryBoundary } from '#components/states.tsx';
import { AddBaseModel } from '#features/admin-watch/add-base-model.tsx';
import { BaseModelList } from '#features/admin-watch/base-model-list.tsx';
import { Hydrate, prefetch, query } from '#lib/trpc/server.tsx';
import { baseModels as text } from '#text/en/base-models.ts';

export const metadata: Metadata = { title: text.title };

export default function BaseModelsPage() {
  prefetch(query().admin.baseModels.list.queryOptions());
  return (
    <Page title={text.title} description={text.description} actions={<AddBaseModel />} wide>
      <Hydrate>
        <QueryBoundary>
          <BaseModelList />
        </QueryBoundary>
      </Hydrate>
    </Page>
  );
}
