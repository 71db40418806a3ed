import { eraseBlob } from '@parapet/adapter-store/collect';
import { dropReferences } from '@parapet/adapter-store/references';
import { ParapetError } from '@parapet/contracts/errors';
import { datasetIdInputSchema } from '@parapet/contracts/portal/datasets';
import { datasets, fineTuningJobs } from '@parapet/db/schema';
import { and, eq, inArray, or } from 'drizzle-orm';
import { requireDataset } from '../../datasets/dataset-view.ts';
import { defineVerb } from '../../verb.ts';

/** Deletes a data set and, unless another one has the same bytes, its content: at once, not by and by. */
export const deleteDataset = defineVerb(
  'datasets.delete',
  datasetIdInputSchema,
  async ({ write, services, tenancy }, { datasetId }): Promise<{ id: string }> => {
    const digests = await write(async (tx) => {
      const row = await requireDataset(tx, datasetId);
      const [user] = await tx
        .select({ id: fineTuningJobs.id })
        .from(fineTuningJobs)
        .where(
          and(
            eq(fineTuningJobs.orgId, tenancy.id),
            inArray(fineTuningJobs.status, ['validating_files', 'queued', 'running', 'paused']),
            or(eq(fineTuningJobs.trainingDatasetId, row.id), eq(fineTuningJobs.validationDatasetId, row.id)),
          ),
        )
        .limit(1);
      if (user) throw new ParapetError('conflict', `The job ${user.id} still needs this file: cancel it first.`);
      await tx.delete(datasets).where(and(eq(datasets.orgId, tenancy.id), eq(datasets.id, row.id)));
      const freed = await dropReferences(tx, { type: 'dataset', id: row.id });
      const before = { name: row.name, digest: row.digest, rows: row.rows };
      return { view: freed, audit: { target: { kind: 'dataset', id: row.id }, before } };
    });
    for (const digest of digests) await eraseBlob({ handle: services.database, store: services.blobs }, digest);
    return { id: datasetId };
  },
);
