import OpenAI, { toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GatewayFixture } from '../testing/gateway-fixture.ts';

let fixture: GatewayFixture;
let client: OpenAI;
let stranger: OpenAI;

beforeAll(async () => {
  fixture = await GatewayFixture.open();
  const open = async () => {
    const apiKey = await fixture.key(await fixture.tenant());
    return new OpenAI({ apiKey, baseURL: `${fixture.url}/v1`, maxRetries: 0 });
  };
  client = await open();
  stranger = await open();
});
afterAll(() => fixture.close());

const rows = (n: number) =>
  Array.from({ length: n }, (_, i) => JSON.stringify({ prompt: `Question ${i}`, completion: i % 2 ? 'yes' : 'no' }));
const upload = async (lines: string[]) =>
  client.files.create({
    file: await toFile(Buffer.from(`${lines.join('\n')}\n`), 'train.jsonl'),
    purpose: 'fine-tune',
  });

describe('files', () => {
  test('a file goes in, is listed, read back and deleted', async () => {
    const lines = rows(12);
    const file = await upload(lines);
    expect(file).toMatchObject({ object: 'file', filename: 'train.jsonl', purpose: 'fine-tune' });
    expect((await client.files.retrieve(file.id)).id).toBe(file.id);
    const listed: string[] = [];
    for await (const one of client.files.list({ limit: 1 })) listed.push(one.id);
    expect(listed).toContain(file.id);
    expect(await (await client.files.content(file.id)).text()).toBe(`${lines.join('\n')}\n`);
    expect(await client.files.delete(file.id)).toEqual({ id: file.id, object: 'file', deleted: true });
    await expect(client.files.retrieve(file.id)).rejects.toMatchObject({ status: 404 });
  });

  test('a broken line is refused with its number and code, and nothing is kept', async () => {
    const before = (await client.files.list()).data.length;
    const lines = rows(12);
    lines[6] = '{"messages":[{"role":"robot","content":"x"}]}';
    await expect(upload(lines)).rejects.toMatchObject({
      status: 400,
      code: 'unrecognized_role',
      message: expect.stringContaining('7'),
    });
    expect((await client.files.list()).data).toHaveLength(before);
  });

  test('the form is held to its fields, whichever order they come in', async () => {
    const send = async (fields: [string, string | Blob][]) => {
      const form = new FormData();
      for (const [name, value] of fields) form.append(name, value as string);
      const answer = await fetch(`${fixture.url}/v1/files`, {
        method: 'POST',
        headers: { authorization: `Bearer ${client.apiKey}` },
        body: form,
      });
      return { status: answer.status, body: (await answer.json()) as { error?: { param: string } } };
    };
    const blob = new Blob([rows(12).join('\n')]);
    expect(
      (
        await send([
          ['file', blob],
          ['purpose', 'fine-tune'],
        ])
      ).status,
    ).toBe(200);
    expect(
      await send([
        ['file', blob],
        ['purpose', 'vision'],
      ]),
    ).toMatchObject({ status: 400, body: { error: { param: 'purpose' } } });
    expect(await send([['purpose', 'fine-tune']])).toMatchObject({ status: 400, body: { error: { param: 'file' } } });
    expect(
      await send([
        ['purpose', 'fine-tune'],
        ['speed', '9'],
        ['file', blob],
      ]),
    ).toMatchObject({
      status: 400,
      body: { error: { param: 'speed' } },
    });
  });
});

describe('jobs', () => {
  test('a job is made, steered, listed and told about', async () => {
    const file = await upload(rows(40));
    const job = await client.fineTuning.jobs.create({
      model: 'smollm2-135m-instruct',
      training_file: file.id,
      suffix: 'answers',
      seed: 7,
      method: { type: 'supervised', supervised: { hyperparameters: { n_epochs: 2, batch_size: 'auto' } } },
      metadata: { team: 'support' },
    });
    expect(job).toMatchObject({
      object: 'fine_tuning.job',
      seed: 7,
      error: null,
      fine_tuned_model: null,
      training_file: file.id,
      metadata: { team: 'support' },
      hyperparameters: { n_epochs: 2 },
    });
    expect(['validating_files', 'queued']).toContain(job.status);
    const listed: string[] = [];
    for await (const one of client.fineTuning.jobs.list({ limit: 1 })) listed.push(one.id);
    expect(listed).toContain(job.id);
    const events: string[] = [];
    for await (const event of client.fineTuning.jobs.listEvents(job.id, { limit: 1 })) events.push(event.message);
    expect(events.at(-1)).toContain(job.id);
    expect((await client.fineTuning.jobs.checkpoints.list(job.id)).data).toEqual([]);
    expect((await client.fineTuning.jobs.cancel(job.id)).status).toBe('cancelled');
    await expect(stranger.fineTuning.jobs.retrieve(job.id)).rejects.toMatchObject({ status: 404 });
    await expect(stranger.fineTuning.jobs.cancel(job.id)).rejects.toMatchObject({ status: 404 });
    await expect(stranger.files.retrieve(file.id)).rejects.toMatchObject({ status: 404 });
  });

  test('what a job cannot be is refused by name', async () => {
    const ask = (change: object) =>
      client.fineTuning.jobs.create({ model: 'smollm2-135m-instruct', training_file: 'file-none', ...change });
    await expect(ask({})).rejects.toMatchObject({ status: 404, param: 'training_file' });
    await expect(ask({ training_file: 'x' })).rejects.toMatchObject({ status: 400, param: 'training_file' });
    await expect(ask({ integrations: [] })).rejects.toMatchObject({ status: 400, param: 'integrations' });
    await expect(ask({ suffix: 'x'.repeat(65) })).rejects.toMatchObject({ status: 400, param: 'suffix' });
  });
});
