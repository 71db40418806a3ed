import { moveAlias as moveAliasTo } from '@parapet/adapter-store/catalogue';
import { ParapetError } from '@parapet/contracts/errors';
import { type AdapterDetail, moveAliasInputSchema } from '@parapet/contracts/portal/adapters';
import { makerOf } from '../../access/principal.ts';
import { requireAdapter } from '../../adapters/adapter-view.ts';
import { defineVerb } from '../../verb.ts';

const maxAliases = 20;

/** Points an alias at a version; requests by its name get that version within a second, everywhere. */
export const moveAlias = defineVerb(
  'adapters.moveAlias',
  moveAliasInputSchema,
  ({ write, principal, tenancy }, { adapterId, alias, versionId }): Promise<AdapterDetail> =>
    write(async (tx) => {
      const before = await requireAdapter(tx, adapterId);
      const known = before.aliases.find(({ name }) => name === alias);
      if (!known && before.aliases.length >= maxAliases) {
        throw new ParapetError('conflict', `An adapter has at most ${maxAliases} aliases: remove one first.`);
      }
      if (known?.versionId === versionId) return { view: before, audit: null };
      await moveAliasTo(tx, { orgId: tenancy.id, adapterId, alias, versionId, movedBy: makerOf(principal) });
      return {
        view: await requireAdapter(tx, adapterId),
        audit: {
          target: { kind: 'adapter', id: adapterId },
          before: { alias, versionId: known?.versionId ?? null },
          after: { alias, versionId },
        },
      };
    }),
);
