import type { DatasetView } from '@parapet/contracts/portal/datasets';
import { z } from 'zod';
import { makerOf } from '../../access/principal.ts';
import type { ControlServices } from '../../context.ts';
import { asQuotaRefusal, insertDataset, takeRows, uploadLimit } from '../../datasets/create-dataset.ts';
import { datasetView } from '../../datasets/dataset-view.ts';
import { finishCountLater } from '../../datasets/finish-count.ts';
import { formatOf, toJsonLines } from '../../datasets/formats.ts';
import { defineVerb } from '../../verb.ts';

export const createDatasetInputSchema = z.strictObject({
  fileName: z.string().min(1).max(255),
  /** The file's bytes as they arrive; read once. */
  content: z.custom<AsyncIterable<Uint8Array>>((value) => typeof value === 'object' && value !== null),
  /** Rows that say the same are refused, as OpenAI's own check advises; `keep` only reports them. */
  duplicates: z.enum(['refuse', 'keep']).default('refuse'),
});

/**
 * Takes a training file: streamed to the store while every line is checked, refused as a whole with all its problems.
 * @throws ParapetError `invalid_training_file`, `payload_too_large`, `insufficient_quota`.
 */
export const createDataset = defineVerb(
  'datasets.create',
  createDatasetInputSchema,
  async ({ services, read, write, principal, tenancy, now }, input): Promise<DatasetView> => {
    const { maxBytes, byQuota } = await read((tx) => uploadLimit(tx, now));
    const format = formatOf(input.fileName);
    const { ready, original } = await take(services, format, input, maxBytes).catch((error: unknown) => {
      throw asQuotaRefusal(error, byQuota);
    });
    const about = { name: input.fileName, format, createdBy: makerOf(principal), now, original };
    const row = await write(async (tx) => {
      const made = await insertDataset(tx, ready, about);
      const after = { name: made.name, digest: made.digest, bytes: made.bytes, rows: made.rows };
      return { view: made, audit: { target: { kind: 'dataset', id: made.id }, after } };
    });
    finishCountLater(services, { orgId: tenancy.id, id: row.id }, ready.counting);
    return datasetView(row, principal.name);
  },
);

async function take(
  services: ControlServices,
  format: DatasetView['format'],
  { content, duplicates }: z.output<typeof createDatasetInputSchema>,
  maxBytes: number,
) {
  const { chunks, original, linesBefore } = await toJsonLines(services.blobs, format, content, maxBytes);
  return { original, ready: await takeRows(services, chunks, { duplicates, maxBytes, linesBefore }) };
}
