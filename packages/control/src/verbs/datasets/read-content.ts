import type { Readable } from 'node:stream';
import { datasetIdInputSchema } from '@parapet/contracts/portal/datasets';
import { requireDataset } from '../../datasets/dataset-view.ts';
import { defineVerb } from '../../verb.ts';

/** The file as it was uploaded. */
export const readDatasetContent = defineVerb(
  'datasets.content',
  datasetIdInputSchema,
  async ({ read, services }, { datasetId }): Promise<{ name: string; bytes: number; stream: Readable }> => {
    const row = await read((tx) => requireDataset(tx, datasetId));
    return { name: row.name, ...(await services.blobs.read(row.digest)) };
  },
);
