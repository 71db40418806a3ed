import { adapterIdInputSchema } from '@parapet/contracts/portal/adapters';
import { requireAdapter } from '../../adapters/adapter-view.ts';
import { deleteVersions, eraseBlobs } from '../../adapters/delete-versions.ts';
import { defineVerb } from '../../verb.ts';

/** Deletes an adapter with all its versions, for good. */
export const deleteAdapter = defineVerb(
  'adapters.delete',
  adapterIdInputSchema,
  async ({ write, services }, { adapterId }): Promise<{ id: string }> => {
    const freed = await write(async (tx) => {
      const adapter = await requireAdapter(tx, adapterId);
      const view = await deleteVersions(tx, adapter.versionList);
      const before = { name: adapter.name, models: adapter.versionList.map(({ model }) => model) };
      return { view, audit: { target: { kind: 'adapter', id: adapterId }, before } };
    });
    await eraseBlobs(services, freed);
    return { id: adapterId };
  },
);
