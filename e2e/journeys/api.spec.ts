import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@playwright/test';
import OpenAI, { APIError, toFile } from 'openai';
import { apiKeyOf, signUp } from '../platform/customer.ts';
import { runningPlatform } from '../platform/running-platform.ts';

/** The unmodified official client through the whole life of an adapter, then what it is refused. */
const base = 'smollm2-135m-instruct';

const rows = Array.from({ length: 24 }, (_, index) => ({
  prompt: `Is the number ${index} even or odd? Answer with one word.`,
  completion: index % 2 === 0 ? 'even' : 'odd',
}));
const jsonl = rows.map((row) => `${JSON.stringify(row)}\n`).join('');

async function refusal(call: Promise<unknown>): Promise<APIError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof APIError) return error;
    throw error;
  }
  throw new Error('the call should have been refused');
}

test.describe('the official OpenAI client', () => {
  let client: OpenAI;
  let stranger: OpenAI;
  test.beforeAll(async () => {
    const { apiUrl } = await runningPlatform();
    const clientOf = async (name: string) =>
      new OpenAI({ baseURL: apiUrl, apiKey: await apiKeyOf(await signUp(name)), maxRetries: 0 });
    client = await clientOf('api');
    stranger = await clientOf('stranger');
  });

  test('uploads, trains, calls, streams and deletes', async () => {
    const file = await client.files.create({
      file: await toFile(Buffer.from(jsonl), 'numbers.jsonl'),
      purpose: 'fine-tune',
    });
    expect(file.status).toBe('processed');
    const started = await client.fineTuning.jobs.create({
      model: base,
      training_file: file.id,
      suffix: 'numbers',
      seed: 7,
      method: { type: 'supervised', supervised: { hyperparameters: { n_epochs: 2, batch_size: 8 } } },
    });
    let job = started;
    while (!['succeeded', 'failed', 'cancelled'].includes(job.status)) {
      await sleep(1000);
      job = await client.fineTuning.jobs.retrieve(job.id);
    }
    expect(job.error ?? null, JSON.stringify(job.error)).toBeNull();
    expect(job.status).toBe('succeeded');
    const model = job.fine_tuned_model ?? '';
    expect(model).toMatch(/^ft:smollm2-135m-instruct:[a-z0-9-]+:numbers:/);

    const events = await client.fineTuning.jobs.listEvents(job.id, { limit: 100 });
    expect(events.data.filter((event) => event.type === 'metrics')).toHaveLength(6);
    const checkpoints = await client.fineTuning.jobs.checkpoints.list(job.id);
    expect(checkpoints.data.map(({ step_number }) => step_number)).toEqual([3]);
    const [result] = job.result_files;
    const csv = await (await client.files.content(result ?? '')).text();
    expect(csv.split('\n')[0]).toBe('step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy');

    const messages = [{ role: 'user' as const, content: rows[3]?.prompt ?? '' }];
    const answer = await client.chat.completions.create({ model, messages, max_tokens: 8, temperature: 0 });
    expect(answer.model).toBe(model);
    expect(answer.usage?.completion_tokens).toBeGreaterThan(0);
    const stream = await client.chat.completions.create({
      model,
      messages,
      max_tokens: 8,
      temperature: 0,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    let usage: OpenAI.CompletionUsage | null = null;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      usage = chunk.usage ?? usage;
    }
    expect(text).toBe(answer.choices[0]?.message.content);
    expect(usage?.completion_tokens).toBe(answer.usage?.completion_tokens);

    const names = (await client.models.list()).data.map(({ id }) => id);
    expect(names).toContain(base);
    expect(names).toContain(model);
    await client.models.delete(model);
    expect((await refusal(client.models.retrieve(model))).status).toBe(404);
    await client.files.delete(file.id);
    expect((await refusal(client.files.retrieve(file.id))).status).toBe(404);
  });

  test('is refused a broken training file with its line, and nothing is kept', async () => {
    const before = (await client.files.list()).data.length;
    const broken = `${jsonl}{"prompt": "no answer"}\n`;
    const error = await refusal(
      client.files.create({ file: await toFile(Buffer.from(broken), 'broken.jsonl'), purpose: 'fine-tune' }),
    );
    expect(error.status).toBe(400);
    expect(error.message).toContain('25');
    expect((await client.files.list()).data).toHaveLength(before);
  });

  test('is refused what it may not or cannot do, with the documented error', async () => {
    const { apiUrl } = await runningPlatform();
    const messages = [{ role: 'user' as const, content: 'Hello' }];
    const wrongKey = new OpenAI({ baseURL: apiUrl, apiKey: 'pk_live_nobody', maxRetries: 0 });
    expect(await refusal(wrongKey.models.list())).toMatchObject({ status: 401, code: 'invalid_api_key' });
    expect(await refusal(client.chat.completions.create({ model: 'gpt-nothing', messages }))).toMatchObject({
      status: 404,
      code: 'model_not_found',
    });
    expect(
      await refusal(
        client.chat.completions.create({ model: base, messages: [{ role: 'user', content: 'word '.repeat(20_000) }] }),
      ),
    ).toMatchObject({ status: 400, code: 'context_length_exceeded' });
    expect(
      await refusal(
        client.chat.completions.create({
          model: base,
          messages,
          tools: [{ type: 'function', function: { name: 'f' } }],
        }),
      ),
    ).toMatchObject({ status: 400, param: 'tools' });
  });

  test('sees nothing of another tenant', async () => {
    const file = await client.files.create({
      file: await toFile(Buffer.from(jsonl), 'mine.jsonl'),
      purpose: 'fine-tune',
    });
    expect((await refusal(stranger.files.retrieve(file.id))).status).toBe(404);
    expect((await refusal(stranger.files.delete(file.id))).status).toBe(404);
    expect(
      (await refusal(stranger.fineTuning.jobs.create({ model: base, training_file: file.id }))).status,
    ).toBeGreaterThanOrEqual(400);
    expect((await client.files.retrieve(file.id)).id).toBe(file.id);
  });

  test('reads the API’s own description', async () => {
    const { apiUrl } = await runningPlatform();
    const description = await (await fetch(apiUrl.replace(/\/v1$/, '/openapi.json'))).json();
    expect(Object.keys(description.paths)).toContain('/v1/fine_tuning/jobs');
  });
});
