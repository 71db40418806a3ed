import { type AdapterView, listAdaptersInputSchema } from '@parapet/contracts/portal/adapters';
import type { Page } from '@parapet/contracts/portal/common';
import { adapters } from '@parapet/db/schema';
import { asc, desc, ilike } from 'drizzle-orm';
import { selectAdapters, withoutVersions } from '../../adapters/adapter-view.ts';
import { containing, offsetOf, offsetPage } from '../../page.ts';
import { defineVerb } from '../../verb.ts';

const orders = {
  newest: [desc(adapters.id)],
  oldest: [asc(adapters.id)],
  name: [asc(adapters.name), desc(adapters.id)],
};

export const listAdapters = defineVerb(
  'adapters.list',
  listAdaptersInputSchema,
  ({ read }, { cursor, limit, search, sort }): Promise<Page<AdapterView>> =>
    read(async (tx) => {
      const offset = offsetOf(cursor);
      const where = search ? ilike(adapters.name, containing(search)) : undefined;
      const rows = await selectAdapters(tx, { where, orderBy: orders[sort], limit: limit + 1, offset });
      return offsetPage(rows.map(withoutVersions), limit, offset);
    }),
);
