import { type AdapterDetail, renameAdapterInputSchema } from '@parapet/contracts/portal/adapters';
import { adapters } from '@parapet/db/schema';
import { and, eq } from 'drizzle-orm';
import { requireAdapter } from '../../adapters/adapter-view.ts';
import { defineVerb } from '../../verb.ts';

/** Renames an adapter where it is shown; the names it is called by stay. */
export const renameAdapter = defineVerb(
  'adapters.rename',
  renameAdapterInputSchema,
  ({ write, tenancy, now }, { adapterId, name }): Promise<AdapterDetail> =>
    write(async (tx) => {
      const before = await requireAdapter(tx, adapterId);
      const where = and(eq(adapters.orgId, tenancy.id), eq(adapters.id, adapterId));
      await tx.update(adapters).set({ name, updatedAt: now }).where(where);
      const audit = { target: { kind: 'adapter', id: adapterId }, before: { name: before.name }, after: { name } };
      return { view: { ...before, name }, audit };
    }),
);
