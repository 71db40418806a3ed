import { versionIdInputSchema } from '@parapet/contracts/portal/adapters';
import { requireVersion } from '../../adapters/adapter-view.ts';
import { deleteVersions, eraseBlobs } from '../../adapters/delete-versions.ts';
import { defineVerb } from '../../verb.ts';

/** Deletes one version for good, with the aliases that point to it; the last one takes the adapter along. */
export const deleteAdapterVersion = defineVerb(
  'adapters.deleteVersion',
  versionIdInputSchema,
  async ({ write, services }, { versionId }): Promise<{ id: string }> => {
    const freed = await write(async (tx) => {
      const row = await requireVersion(tx, versionId);
      const view = await deleteVersions(tx, [row]);
      const before = { model: row.model, digest: row.digest, version: row.version };
      return { view, audit: { target: { kind: 'adapter_version', id: versionId }, before } };
    });
    await eraseBlobs(services, freed);
    return { id: versionId };
  },
);
