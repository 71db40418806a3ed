import { resolveModel } from '@parapet/adapter-store/catalogue';
import { ParapetError } from '@parapet/contracts/errors';
import { z } from 'zod';
import { requireVersion } from '../../adapters/adapter-view.ts';
import { deleteVersions, eraseBlobs } from '../../adapters/delete-versions.ts';
import { defineVerb } from '../../verb.ts';

/** Deletes the adapter version of a callable name; base models, aliases and checkpoints can't be deleted so. */
export const deleteModel = defineVerb(
  'models.delete',
  z.strictObject({ model: z.string().max(256) }),
  async ({ write, services, tenancy }, { model }): Promise<{ id: string }> => {
    const freed = await write(async (tx) => {
      const found = await resolveModel(tx, tenancy.id, model);
      const version = found?.versionId ? await requireVersion(tx, found.versionId) : null;
      if (version === null || version.model !== model) {
        throw new ParapetError('model_not_found', `The model '${model}' does not exist or can't be deleted.`, {
          param: 'model',
        });
      }
      const view = await deleteVersions(tx, [version]);
      return { view, audit: { target: { kind: 'adapter_version', id: version.id }, before: { model } } };
    });
    await eraseBlobs(services, freed);
    return { id: model };
  },
);
