import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ControlFixture, type Person } from '../testing/control-fixture.ts';
import { createDataset, createDatasetInputSchema } from '../verbs/datasets/create-dataset.ts';
import { importSample } from '../verbs/datasets/import-sample.ts';
import { listSampleDatasets } from '../verbs/datasets/list-samples.ts';
import { previewRows } from '../verbs/datasets/preview-rows.ts';
import { splitDataset } from '../verbs/datasets/split-dataset.ts';

const numbers = Array.from({ length: 12 }, (_, i) => i);

describe('data sets from tables, samples and splits', () => {
  let fixture: ControlFixture;
  let owner: Person;
  beforeAll(async () => {
    fixture = await ControlFixture.open();
    owner = (await fixture.organisation('Acme')).owner;
  });
  afterAll(() => fixture.close());

  const upload = (fileName: string, file: string | Uint8Array) =>
    createDataset(
      fixture.as(owner),
      createDatasetInputSchema.parse({
        fileName,
        content: (async function* () {
          const bytes = Buffer.from(file as Uint8Array);
          for (let at = 0; at < bytes.length; at += 11) yield bytes.subarray(at, at + 11);
        })(),
      }),
    );
  const messagesOf = async (datasetId: string) =>
    (await previewRows(fixture.as(owner), { datasetId, offset: 0, limit: 100 })).rows.map(({ messages }) =>
      messages.map(({ content }) => content),
    );

  it('reads CSV: quotes, line breaks within cells, other columns, semicolons', async () => {
    const lines = numbers.map((i) => `${i};"question ""${i}""\nsecond line";answer ${i}`);
    const made = await upload('table.csv', `\ufeffid;prompt;completion\r\n${lines.join('\r\n')}\r\n`);
    expect(made).toMatchObject({ format: 'csv', rows: 12, status: 'ready' });
    expect((await messagesOf(made.id))[3]).toEqual(['question "3"\nsecond line', 'answer 3']);
  });

  it('reads Parquet by column name', async () => {
    const file = parquetWriteBuffer({
      columnData: [
        { name: 'completion', data: numbers.map((i) => `answer ${i}`), type: 'STRING' },
        { name: 'prompt', data: numbers.map((i) => `frage ä${i}`), type: 'STRING' },
        { name: 'score', data: numbers, type: 'INT32' },
      ],
    });
    const made = await upload('table.parquet', new Uint8Array(file));
    expect(made).toMatchObject({ format: 'parquet', rows: 12 });
    expect((await messagesOf(made.id))[3]).toEqual(['frage ä3', 'answer 3']);
  });

  it('refuses tables without the columns, with empty cells and that are something else', async () => {
    const code = (subcode: string) => ({ code: 'invalid_training_file', details: { subcode } });
    await expect(upload('t.csv', 'text,label\na,b\n')).rejects.toMatchObject(code('missing_column'));
    const rows = numbers.map((i) => `question ${i},${i === 4 ? '' : `answer ${i}`}`);
    const refusal = await upload('t.csv', `prompt,completion\n${rows.join('\n')}`).catch((error) => error);
    expect(refusal).toMatchObject(code('empty_completion'));
    expect(refusal.message).toContain('Line 6');
    await expect(upload('t.parquet', 'PAR1 this is none PAR1')).rejects.toMatchObject(code('invalid_encoding'));
  });

  it('splits by a seed: nothing lost, nothing twice, the same again', async () => {
    const { id, rows } = await importSample(fixture.as(owner), { sampleId: 'support-routing' });
    expect(rows).toBe((await listSampleDatasets(fixture.as(owner), undefined))[0]?.rows);
    const split = (seed: number) =>
      splitDataset(fixture.as(owner), { datasetId: id, validFraction: 0.25, seed, dropDuplicates: true });
    const [one, again, other] = [await split(1), await split(1), await split(2)];
    expect(one.train.rows + one.valid.rows).toBe(rows);
    expect(one.valid).toMatchObject({ rows: 100, parentId: id, name: 'support-routing.valid.jsonl' });
    expect(again.valid.digest).toBe(one.valid.digest);
    expect(other.valid.digest).not.toBe(one.valid.digest);
    const train = new Set((await messagesOf(one.train.id)).map(String));
    for (const row of await messagesOf(one.valid.id)) expect(train.has(String(row))).toBe(false);
  });

  it('refuses a split that leaves too little to train on', async () => {
    const made = await upload('few.jsonl', numbers.map((i) => `{"prompt":"q${i}","completion":"a${i}"}`).join('\n'));
    const half = { datasetId: made.id, validFraction: 0.5, seed: 0, dropDuplicates: true };
    await expect(splitDataset(fixture.as(owner), half)).rejects.toMatchObject({ code: 'unprocessable' });
  });
});
