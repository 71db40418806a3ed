import { listTenantsInputSchema, type TenantView } from '@parapet/contracts/portal/admin';
import type { Page } from '@parapet/contracts/portal/common';
import { organisations } from '@parapet/db/schema';
import { and, asc, desc, eq, ilike, ne, or } from 'drizzle-orm';
import { gpuUse, selectTenants, toTenantView } from '../../tenants/tenant-view.ts';
import { defineVerb } from '../../verb.ts';

/** Tenants with their plan and this month's use. The cursor is an offset: the order by use moves as it is read. */
export const listTenants = defineVerb(
  'admin.tenants.list',
  listTenantsInputSchema,
  ({ read, now }, { cursor, limit, search, sort, suspended }): Promise<Page<TenantView>> =>
    read(async (tx) => {
      const like = search === undefined || search === '' ? null : `%${search.replace(/[\\%_]/g, '\\$&')}%`;
      const offset = Math.max(0, Number.parseInt(cursor ?? '0', 10) || 0);
      const where = and(
        ne(organisations.status, 'deleted'),
        suspended === undefined ? undefined : eq(organisations.status, suspended ? 'suspended' : 'active'),
        like === null
          ? undefined
          : or(ilike(organisations.name, like), ilike(organisations.slug, like), ilike(organisations.id, like)),
      );
      const order = { newest: desc(organisations.id), name: asc(organisations.name), use: desc(gpuUse) }[sort];
      const rows = await selectTenants(tx, now, where)
        .orderBy(order, asc(organisations.id))
        .limit(limit + 1)
        .offset(offset);
      return {
        items: rows.slice(0, limit).map(toTenantView),
        nextCursor: rows.length > limit ? String(offset + limit) : null,
      };
    }),
);
