import { removeAlias as removeAliasFrom } from '@parapet/adapter-store/catalogue';
import { ParapetError } from '@parapet/contracts/errors';
import { type AdapterDetail, aliasInputSchema } from '@parapet/contracts/portal/adapters';
import { requireAdapter } from '../../adapters/adapter-view.ts';
import { defineVerb } from '../../verb.ts';

/** Takes an alias away: requests by its name are refused from then on. */
export const removeAlias = defineVerb(
  'adapters.removeAlias',
  aliasInputSchema,
  ({ write, tenancy }, { adapterId, alias }): Promise<AdapterDetail> =>
    write(async (tx) => {
      await requireAdapter(tx, adapterId);
      if (!(await removeAliasFrom(tx, { orgId: tenancy.id, adapterId, alias }))) {
        throw new ParapetError('not_found', `This adapter has no alias "${alias}".`);
      }
      const view = await requireAdapter(tx, adapterId);
      return { view, audit: { target: { kind: 'adapter', id: adapterId }, before: { alias } } };
    }),
);
