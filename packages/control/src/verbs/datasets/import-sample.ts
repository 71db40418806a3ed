import { ParapetError } from '@parapet/contracts/errors';
import { type DatasetView, importSampleInputSchema } from '@parapet/contracts/portal/datasets';
import { makerOf } from '../../access/principal.ts';
import { insertDataset, takeRows, uploadLimit } from '../../datasets/create-dataset.ts';
import { datasetView } from '../../datasets/dataset-view.ts';
import { finishCountLater } from '../../datasets/finish-count.ts';
import { openSample, samples } from '../../datasets/samples.ts';
import { defineVerb } from '../../verb.ts';

/** Makes a data set of the organisation's own from a sample, as if it had been uploaded. */
export const importSample = defineVerb(
  'datasets.importSample',
  importSampleInputSchema,
  async ({ services, read, write, principal, tenancy, now }, { sampleId }): Promise<DatasetView> => {
    const sample = samples.find(({ id }) => id === sampleId);
    if (!sample) throw new ParapetError('not_found', `There is no sample "${sampleId}".`);
    const { maxBytes } = await read((tx) => uploadLimit(tx, now));
    const ready = await takeRows(services, openSample(sample.file), { duplicates: 'keep', maxBytes });
    const about = { name: sample.file, format: 'jsonl' as const, createdBy: makerOf(principal), now };
    const row = await write(async (tx) => {
      const made = await insertDataset(tx, ready, about);
      return { view: made, audit: { target: { kind: 'dataset', id: made.id }, after: { sample: sampleId } } };
    });
    finishCountLater(services, { orgId: tenancy.id, id: row.id }, ready.counting);
    return datasetView(row, principal.name);
  },
);
