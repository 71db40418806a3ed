import { moveAlias } from '@parapet/adapter-store/catalogue';
import { ParapetError } from '@parapet/contracts/errors';
import { type AdapterDetail, aliasInputSchema } from '@parapet/contracts/portal/adapters';
import { makerOf } from '../../access/principal.ts';
import { requireAdapter } from '../../adapters/adapter-view.ts';
import { defineVerb } from '../../verb.ts';

/** Points an alias where it pointed before its last move; twice is forth again. */
export const aliasBack = defineVerb(
  'adapters.aliasBack',
  aliasInputSchema,
  ({ write, principal, tenancy }, { adapterId, alias }): Promise<AdapterDetail> =>
    write(async (tx) => {
      const before = await requireAdapter(tx, adapterId);
      const known = before.aliases.find(({ name }) => name === alias);
      if (!known) throw new ParapetError('not_found', `This adapter has no alias "${alias}".`);
      const versionId = known.previousVersionId;
      if (versionId === null)
        throw new ParapetError('conflict', `"${alias}" has not been moved: there is nowhere back.`);
      await moveAlias(tx, { orgId: tenancy.id, adapterId, alias, versionId, movedBy: makerOf(principal) });
      return {
        view: await requireAdapter(tx, adapterId),
        audit: {
          target: { kind: 'adapter', id: adapterId },
          before: { alias, versionId: known.versionId },
          after: { alias, versionId },
        },
      };
    }),
);
