import { ParapetError } from '@parapet/contracts/errors';
import { type DatasetView, splitDatasetInputSchema } from '@parapet/contracts/portal/datasets';
import { makerOf } from '../../access/principal.ts';
import type { ControlServices } from '../../context.ts';
import { chooseRows } from '../../datasets/choose-rows.ts';
import { readRows } from '../../datasets/count-tokens.ts';
import { insertDataset, takeRows } from '../../datasets/create-dataset.ts';
import { datasetView, requireDataset } from '../../datasets/dataset-view.ts';
import { DuplicateFinder } from '../../datasets/duplicates.ts';
import { finishCountLater } from '../../datasets/finish-count.ts';
import { minRows } from '../../datasets/inspect.ts';
import { defineVerb } from '../../verb.ts';

const train = 0;
const valid = 1;
const dropped = 2;

/** Holds out a random part of a data set: two new data sets, the first left as it is. The same seed splits the same. */
export const splitDataset = defineVerb(
  'datasets.split',
  splitDatasetInputSchema,
  async (
    { read, write, services, principal, now, tenancy },
    { datasetId, validFraction, seed, dropDuplicates },
  ): Promise<{ train: DatasetView; valid: DatasetView }> => {
    const source = await read((tx) => requireDataset(tx, datasetId));
    if (source.status === 'invalid')
      throw new ParapetError('conflict', 'This data set has problems: it can’t be split.');
    const parts = await assign(services, source.rowsDigest, { validFraction, seed, dropDuplicates });
    const limit = { duplicates: 'keep', maxBytes: source.bytes + 1024 } as const;
    const take = (part: number, atLeast: number) =>
      takeRows(services, rowsOf(services, source.rowsDigest, parts, part), { ...limit, atLeast });
    const ready = { train: await take(train, minRows), valid: await take(valid, 1) };
    const stem = source.name.replace(/\.(jsonl|csv|tsv|parquet)$/i, '');
    const rows = await write(async (tx) => {
      const about = (part: 'train' | 'valid') => ({
        name: `${stem}.${part}.jsonl`,
        format: 'jsonl' as const,
        createdBy: makerOf(principal),
        now,
        parentId: source.id,
        split: { part, seed, validFraction },
      });
      const made = {
        train: await insertDataset(tx, ready.train, about('train')),
        valid: await insertDataset(tx, ready.valid, about('valid')),
      };
      const after = { train: made.train.id, valid: made.valid.id, validFraction, seed };
      return { view: made, audit: { target: { kind: 'dataset', id: source.id }, after } };
    });
    for (const part of ['train', 'valid'] as const) {
      finishCountLater(services, { orgId: tenancy.id, id: rows[part].id }, ready[part].counting);
    }
    return { train: datasetView(rows.train, principal.name), valid: datasetView(rows.valid, principal.name) };
  },
);

/** Which part each row goes to, in the order of the file. */
async function assign(
  services: ControlServices,
  digest: string,
  how: { validFraction: number; seed: number; dropDuplicates: boolean },
): Promise<Uint8Array> {
  const finder = new DuplicateFinder();
  const isDuplicate: boolean[] = [];
  for await (const { row, line } of readRows(services.blobs, digest)) {
    isDuplicate.push(how.dropDuplicates && finder.seen(row, line) !== null);
  }
  const kept = isDuplicate.filter((is) => !is).length;
  const held = Math.max(1, Math.round(kept * how.validFraction));
  if (kept - held < minRows) {
    throw new ParapetError(
      'unprocessable',
      `Only ${Math.max(0, kept - held)} rows would be left to train on: hold out fewer.`,
      {
        param: 'validFraction',
      },
    );
  }
  const chosen = chooseRows(kept, held, how.seed);
  let index = 0;
  return Uint8Array.from(isDuplicate, (is) => (is ? dropped : chosen[index++] === 1 ? valid : train));
}

async function* rowsOf(
  services: ControlServices,
  digest: string,
  parts: Uint8Array,
  part: number,
): AsyncGenerator<Uint8Array> {
  let index = 0;
  for await (const { row } of readRows(services.blobs, digest)) {
    if (parts[index++] === part) yield Buffer.from(`${JSON.stringify(row)}\n`);
  }
}
