import type { Digest } from '@parapet/contracts/ids';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ControlFixture, type Person } from '../testing/control-fixture.ts';
import { createDataset, createDatasetInputSchema } from '../verbs/datasets/create-dataset.ts';
import { deleteDataset } from '../verbs/datasets/delete-dataset.ts';
import { getDataset } from '../verbs/datasets/get-dataset.ts';
import { listDatasets } from '../verbs/datasets/list-datasets.ts';
import { previewRows } from '../verbs/datasets/preview-rows.ts';
import { readDatasetContent } from '../verbs/datasets/read-content.ts';

const row = (i: number) => JSON.stringify({ prompt: `question ${i}`, completion: `answer ${i}` });
const rows = (count: number, from = 0) => Array.from({ length: count }, (_, i) => row(i + from));

describe('data sets', () => {
  let fixture: ControlFixture;
  let owner: Person;
  beforeAll(async () => {
    fixture = await ControlFixture.open();
    owner = (await fixture.organisation('Acme')).owner;
  });
  afterAll(() => fixture.close());

  /** Uploads in chunks of seven bytes, so that every boundary falls everywhere. */
  const upload = (file: string | Buffer, more: object = {}, by = owner) =>
    createDataset(
      fixture.as(by),
      createDatasetInputSchema.parse({
        fileName: 'train.jsonl',
        content: (async function* () {
          const bytes = Buffer.from(file);
          for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7);
        })(),
        ...more,
      }),
    );
  const read = async (datasetId: string) => {
    const { stream } = await readDatasetContent(fixture.as(owner), { datasetId });
    const parts: Buffer[] = [];
    for await (const part of stream) parts.push(Buffer.from(part));
    return Buffer.concat(parts).toString();
  };

  it('takes a sound file, counts its tokens and gives it back as it came', async () => {
    const chat = JSON.stringify({
      messages: [
        { role: 'user', content: 'hello ä€😀' },
        { role: 'assistant', content: 'good day' },
      ],
    });
    const file = `${[...rows(11), chat].join('\n')}\n`;
    const made = await upload(file);
    expect(made).toMatchObject({
      status: 'ready',
      rows: 12,
      chatRows: 1,
      duplicates: 0,
      bytes: Buffer.byteLength(file),
    });
    // "user: question 0 / assistant: answer 0" is six words, two of them the answer's.
    expect(made.tokens).toEqual({ total: 11 * 6 + 6, completion: 11 * 2 + 2, longestRow: 6 });
    expect(await read(made.id)).toBe(file);
    const detail = await getDataset(fixture.as(owner), { datasetId: made.id });
    expect(detail.tokensPerRow?.counts.reduce((a, b) => a + b)).toBe(12);
    const preview = await previewRows(fixture.as(owner), { datasetId: made.id, offset: 10, limit: 5 });
    expect(preview.total).toBe(12);
    expect(preview.rows.map(({ line }) => line)).toEqual([11, 12]);
    const [from, to] = preview.rows[1]!.targets[0]!;
    expect(preview.rows[1]!.text.slice(from, to)).toBe('good day');
  });

  const broken: [string, string | Buffer, string, number][] = [
    ['a row that is no JSON', [...rows(3), '{"prompt":', ...rows(9, 3)].join('\n'), 'invalid_json', 4],
    [
      'one JSON array',
      JSON.stringify(
        rows(12).map((text) => JSON.parse(text)),
        null,
        1,
      ),
      'json_array_not_lines',
      1,
    ],
    ['a row that is no object', [...rows(12), '[1]'].join('\n'), 'data_type', 13],
    ['a row of another kind', [...rows(12), '{"text":"x"}'].join('\n'), 'missing_messages_list', 13],
    [
      'a message without content',
      [...rows(12), '{"messages":[{"role":"user"}]}'].join('\n'),
      'message_missing_key',
      13,
    ],
    [
      'an unknown key in a message',
      [...rows(12), '{"messages":[{"role":"user","content":"a","x":1}]}'].join('\n'),
      'message_unrecognized_key',
      13,
    ],
    [
      'an unknown role',
      [...rows(12), '{"messages":[{"role":"robot","content":"a"}]}'].join('\n'),
      'unrecognized_role',
      13,
    ],
    [
      'content that is no text',
      [...rows(12), '{"messages":[{"role":"user","content":null}]}'].join('\n'),
      'missing_content',
      13,
    ],
    [
      'no assistant message',
      [...rows(12), '{"messages":[{"role":"user","content":"a"}]}'].join('\n'),
      'example_missing_assistant_message',
      13,
    ],
    ['an empty completion', [...rows(12), '{"prompt":"a","completion":" "}'].join('\n'), 'empty_completion', 13],
    ['a lone prompt', [...rows(12), '{"prompt":"a"}'].join('\n'), 'missing_prompt_or_completion', 13],
    ['an unknown key', [...rows(12), '{"prompt":"a","completion":"b","x":1}'].join('\n'), 'unrecognized_key', 13],
    ['a row twice', [...rows(12), '{"completion":"answer 3","prompt":"question 3"}'].join('\n'), 'duplicate_row', 13],
    ['too few rows', rows(9).join('\n'), 'too_few_rows', 0],
    ['an empty line among the rows', [...rows(3), '', ...rows(9, 3)].join('\n'), 'invalid_json', 4],
    [
      'bytes that are not UTF-8',
      Buffer.concat([Buffer.from(`${rows(11).join('\n')}\n{"prompt":"`), Buffer.from([0xff]), Buffer.from('"}')]),
      'invalid_encoding',
      12,
    ],
    ['UTF-16', Buffer.from(`\ufeff${rows(12).join('\n')}`, 'utf16le'), 'invalid_encoding', 1],
    [
      'a row too long to train on',
      [...rows(12), JSON.stringify({ prompt: 'word '.repeat(9000), completion: 'b' })].join('\n'),
      'row_too_long',
      13,
    ],
  ];
  it.each(broken)('refuses %s with its line and code, and keeps nothing', async (_what, file, code, line) => {
    const before = await listDatasets(fixture.as(owner), { limit: 100, sort: 'newest' });
    const refusal = await upload(file).then(
      () => null,
      (error) => error,
    );
    expect(refusal).toMatchObject({ code: 'invalid_training_file', details: { subcode: code } });
    expect(refusal.details.problems.problems[0]).toMatchObject({ line, code });
    if (line > 0) expect(refusal.message).toContain(String(line));
    expect(await listDatasets(fixture.as(owner), { limit: 100, sort: 'newest' })).toEqual(before);
  });

  it('drops a byte order mark and takes CRLF and empty lines at the end', async () => {
    const made = await upload(`\ufeff${rows(12).join('\r\n')}\r\n\n\n`);
    expect(made.rows).toBe(12);
    expect((await read(made.id)).startsWith('{"prompt"')).toBe(true);
  });

  it('keeps duplicates when asked to, and says how many there are', async () => {
    expect(await upload([...rows(12), row(3)].join('\n'), { duplicates: 'keep' })).toMatchObject({
      rows: 13,
      duplicates: 1,
      problems: 1,
    });
  });

  it('erases the bytes with the last data set that has them', async () => {
    const file = rows(12, 300).join('\n');
    const [first, second] = [await upload(file), await upload(file)];
    const [stored] = await fixture.services.database.query<{ digest: Digest }>(
      `select digest from datasets where id = '${first.id}'`,
    );
    const isThere = async () => (await fixture.services.blobs.stat(stored!.digest)) !== null;
    // What came in a minute ago may be about to be referred to again; later it may not.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 });
    try {
      await deleteDataset(fixture.as(owner), { datasetId: first.id });
      expect(await isThere()).toBe(true);
      await deleteDataset(fixture.as(owner), { datasetId: second.id });
      expect(await isThere()).toBe(false);
    } finally {
      vi.useRealTimers();
    }
    const left = await fixture.services.database.query(`select 1 from blobs where digest = '${stored!.digest}'`);
    expect(left).toEqual([]);
  });

  it('refuses an upload above the quota, and shows nothing to others', async () => {
    const made = await upload(rows(12, 100).join('\n'));
    const other = (await fixture.organisation('Other')).owner;
    for (const verb of [getDataset, deleteDataset, readDatasetContent]) {
      await expect(verb(fixture.as(other), { datasetId: made.id })).rejects.toMatchObject({ code: 'not_found' });
    }
    await fixture.services.database.query(
      `insert into quota_overrides (org_id, limits) values ($1, '{"datasetBytes": 600}')`,
      [owner.tenancy?.id],
    );
    await expect(upload(rows(12, 200).join('\n'))).rejects.toMatchObject({ code: 'insufficient_quota' });
    await deleteDataset(fixture.as(owner), { datasetId: made.id });
    await expect(getDataset(fixture.as(owner), { datasetId: made.id })).rejects.toMatchObject({ code: 'not_found' });
  });
});
