import type { Page } from '@parapet/contracts/portal/common';
import { type DatasetView, listDatasetsInputSchema } from '@parapet/contracts/portal/datasets';
import { datasets } from '@parapet/db/schema';
import { and, asc, desc, eq, ilike } from 'drizzle-orm';
import { selectDatasets } from '../../datasets/dataset-view.ts';
import { containing, offsetOf, offsetPage } from '../../page.ts';
import { defineVerb } from '../../verb.ts';

const orders = {
  newest: [desc(datasets.id)],
  oldest: [asc(datasets.id)],
  name: [asc(datasets.name), desc(datasets.id)],
  largest: [desc(datasets.bytes), desc(datasets.id)],
};

export const listDatasets = defineVerb(
  'datasets.list',
  listDatasetsInputSchema,
  ({ read }, { cursor, limit, search, sort, status }): Promise<Page<DatasetView>> =>
    read(async (tx) => {
      const offset = offsetOf(cursor);
      const where = and(
        search ? ilike(datasets.name, containing(search)) : undefined,
        status ? eq(datasets.status, status) : undefined,
      );
      const rows = await selectDatasets(tx, { where, orderBy: orders[sort], limit: limit + 1, offset });
      return offsetPage(
        rows.map(({ view }) => view),
        limit,
        offset,
      );
    }),
);
