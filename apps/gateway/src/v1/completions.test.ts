import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { openAiErrorSchema } from '@parapet/contracts/errors';
import { adapterFile } from '@parapet/control/testing';
import { usageEvents } from '@parapet/db/schema';
import { streamText } from 'ai';
import { eq } from 'drizzle-orm';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GatewayFixture } from '../testing/gateway-fixture.ts';
import { nullBaseModel } from '../testing/null-engine.ts';

const model = 'smollm2-135m-instruct';
let fixture: GatewayFixture;
let apiKey: string;
let owner: Awaited<ReturnType<GatewayFixture['tenant']>>;
let orgId: string;
let client: OpenAI;

beforeAll(async () => {
  fixture = await GatewayFixture.open();
  owner = await fixture.tenant({ requestsPerMinute: 100_000, tokensPerMinute: 100_000_000 });
  orgId = owner.tenancy!.id;
  apiKey = await fixture.key(owner);
  client = new OpenAI({ apiKey, baseURL: `${fixture.url}/v1`, maxRetries: 0 });
});
afterAll(() => fixture.close());

const post = (body: unknown, headers: Record<string, string> = {}, path = '/v1/chat/completions') =>
  fetch(`${fixture.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

const bookedFor = async (requestId: string) => {
  const { db } = fixture.gateway.services.control.database;
  return db.select().from(usageEvents).where(eq(usageEvents.requestId, requestId));
};

describe('the official client', () => {
  test('chat in one piece is metered before it is answered', async () => {
    const { data, response } = await client.chat.completions
      .create({ model, messages: [{ role: 'user', content: 'Hello' }], max_tokens: 4 })
      .withResponse();
    expect(data.choices[0]).toMatchObject({ finish_reason: 'length', message: { content: ' word word word word' } });
    expect(data.usage).toMatchObject({ completion_tokens: 4, total_tokens: data.usage!.prompt_tokens + 4 });
    const requestId = response.headers.get('x-request-id')!;
    expect(await bookedFor(requestId)).toMatchObject([
      { orgId, completionTokens: 4, promptTokens: data.usage!.prompt_tokens, outcome: 'length' },
    ]);
  });

  test('chat as a stream ends with usage when asked', async () => {
    const stream = await client.chat.completions.create({
      model,
      messages: [{ role: 'user', content: 'Hello' }],
      max_completion_tokens: 3,
      n: 2,
      stream: true,
      stream_options: { include_usage: true },
    });
    const texts = ['', ''];
    let usage: OpenAI.CompletionUsage | null | undefined;
    for await (const chunk of stream) {
      for (const choice of chunk.choices) texts[choice.index] += choice.delta.content ?? '';
      usage = chunk.usage;
    }
    expect(texts).toEqual([' word word word', ' word word word']);
    expect(usage?.completion_tokens).toBe(6);
  });

  test('completions take four kinds of prompt', async () => {
    const one = await client.completions.create({ model, prompt: 'Say', echo: true, max_tokens: 2 });
    expect(one.choices[0]?.text).toBe('Say word word');
    const many = await client.completions.create({ model, prompt: ['a', 'b'], n: 2, max_tokens: 1 });
    expect(many.choices.map((choice) => choice.index)).toEqual([0, 1, 2, 3]);
    const tokens = await client.completions.create({ model, prompt: [1, 2, 3] });
    expect(tokens.usage).toMatchObject({ prompt_tokens: 3, completion_tokens: 16 });
    const lists = await client.completions.create({ model, prompt: [[1, 2], [3]], max_tokens: 1 });
    expect(lists.choices).toHaveLength(2);
  });

  test('errors arrive as their classes', async () => {
    const wrong = new OpenAI({ apiKey: 'pk_live_wrong', baseURL: `${fixture.url}/v1`, maxRetries: 0 });
    const ask = (openai: OpenAI, change: object = {}) =>
      openai.chat.completions.create({ model, messages: [{ role: 'user', content: 'x' }], ...change });
    await expect(ask(wrong)).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' });
    await expect(ask(client, { model: 'gpt-9' })).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
      param: 'model',
    });
    await expect(ask(client, { tools: [] })).rejects.toMatchObject({
      status: 400,
      code: 'unsupported_parameter',
      param: 'tools',
    });
    await expect(ask(client, { temperature: 3 })).rejects.toMatchObject({ status: 400, param: 'temperature' });
  });
});

describe('keys', () => {
  const limited = async (input: Parameters<GatewayFixture['key']>[1]) =>
    new OpenAI({ apiKey: await fixture.key(owner, input), baseURL: `${fixture.url}/v1`, maxRetries: 0 });
  const chat = (openai: OpenAI) =>
    openai.chat.completions.create({ model, messages: [{ role: 'user', content: 'x' }], max_tokens: 1 });

  test('a key does what its scopes say', async () => {
    const reader = await limited({ scopes: ['models:read'] });
    expect((await reader.models.list()).data.map((one) => one.id)).toEqual([model]);
    expect(await reader.models.retrieve(model)).toMatchObject({ id: model, object: 'model', owned_by: 'parapet' });
    await expect(chat(reader)).rejects.toMatchObject({ status: 403, code: 'permission_denied' });
    await expect(reader.files.list()).rejects.toMatchObject({ status: 403 });
  });

  test('a key calls and sees only the models it is allowed', async () => {
    const other = await limited({ allowedModels: ['ft:smollm2-135m-instruct:x:y:z'] });
    expect((await other.models.list()).data).toEqual([]);
    await expect(chat(other)).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
    await expect(other.models.retrieve(model)).rejects.toMatchObject({ status: 404 });
    await expect(client.models.delete(model)).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
  });

  test('limits of a key answer 429: one that comes back, one that does not', async () => {
    const slow = await limited({ requestsPerMinute: 1 });
    await chat(slow);
    const again = await chat(slow).catch((error: unknown) => error as InstanceType<typeof OpenAI.APIError>);
    expect(again).toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
    expect(Number((again as { headers: Headers }).headers.get('retry-after-ms'))).toBeGreaterThan(1000);
    const poor = new OpenAI({
      apiKey: await fixture.key(await fixture.tenant({ gpuSecondsPerMonth: 0 })),
      baseURL: `${fixture.url}/v1`,
    });
    const refused = await chat(poor).catch((error: unknown) => error as { headers: Headers });
    expect(refused).toMatchObject({ status: 429, type: 'insufficient_quota' });
    expect((refused as { headers: Headers }).headers.get('x-should-retry')).toBe('false');
  });
});

describe('a caller with plenty left', () => {
  const ask = (key: string, stream: boolean) =>
    post(
      { model, messages: [{ role: 'user', content: 'x' }], max_tokens: 500, stream },
      { authorization: `Bearer ${key}` },
    );

  test.each([false, true])('is refused all the same when it went meanwhile (stream: %s)', async (stream) => {
    const person = await fixture.tenant({ requestsPerMinute: 8 });
    const key = await fixture.key(person);
    expect((await ask(key, false)).status).toBe(200);
    // Through another gateway, as far as this one knows: its view of the caller is now wrong.
    const { metering } = fixture.gateway.services;
    const estimate = { promptTokens: 1, completionTokens: 1, gpuMicros: 1 };
    const who = { tenantId: person.tenancy!.id, keyId: null, model, adapter: null, estimate };
    for (let i = 0; i < 7; i++) await metering.admit({ ...who, requestId: `elsewhere-${stream}-${i}` });
    const refused = await ask(key, stream);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('x-ratelimit-remaining-requests')).toBe('0');
    expect(openAiErrorSchema.parse(await refused.json()).error.code).toBe('rate_limit_exceeded');
    expect(await bookedFor(refused.headers.get('x-request-id')!)).toEqual([]);
    await expect.poll(() => fixture.engine.running()).toBe(0);
  });
});

test('the Vercel AI SDK streams from it', async () => {
  const provider = createOpenAICompatible({
    name: 'parapet',
    baseURL: `${fixture.url}/v1`,
    apiKey,
    includeUsage: true,
  });
  const result = streamText({ model: provider(model), prompt: 'Hello', maxOutputTokens: 3 });
  let text = '';
  for await (const piece of result.textStream) text += piece;
  expect(text).toBe(' word word word');
  expect(await result.finishReason).toBe('length');
  expect((await result.usage).outputTokens).toBe(3);
});

describe('on the wire', () => {
  const ask = { model, messages: [{ role: 'user', content: 'Hi' }], max_tokens: 2 };

  test('headers of an answer', async () => {
    const first = await post(ask);
    await first.text();
    const second = await post(ask);
    await second.text();
    for (const name of ['x-request-id', 'openai-processing-ms', 'x-parapet-queue-ms']) {
      expect(second.headers.get(name), name).toMatch(/./);
    }
    expect(second.headers.get('x-ratelimit-limit-requests')).toBe('100000');
    expect(Number(second.headers.get('x-ratelimit-remaining-requests'))).toBeLessThan(100_000);
    expect(second.headers.get('x-ratelimit-reset-requests')).toMatch(/^\d+(ms|s)$/);
  });

  test('every other answer tells the limits too, as they move, and takes nothing', async () => {
    const key = await fixture.key(await fixture.tenant({ requestsPerMinute: 4 }), { tokensPerMinute: 5_000 });
    const headers = { authorization: `Bearer ${key}` };
    const look = async (path: string) => {
      const answer = await fetch(`${fixture.url}${path}`, { headers });
      await answer.text();
      const of = (name: string) => answer.headers.get(`x-ratelimit-${name}`);
      return [of('limit-requests'), of('remaining-requests'), of('limit-tokens')];
    };
    expect(await look('/v1/models')).toEqual(['4', '4', '5000']);
    await (await post(ask, headers)).text();
    for (const path of ['/v1/files', '/v1/files/file-none']) expect(await look(path)).toEqual(['4', '3', '5000']);
  });

  test('a completion refused before its admission tells them, whatever was wrong, and takes nothing', async () => {
    const key = await fixture.key(await fixture.tenant({ requestsPerMinute: 4 }));
    const headers = { authorization: `Bearer ${key}` };
    await (await post(ask, headers)).text();
    const refused = [
      [400, await post({ ...ask, best_of: 2 }, headers)],
      [400, await post('{"model":', headers)],
      [400, await post(ask, { ...headers, 'content-type': 'text/plain' })],
      [404, await post({ ...ask, model: 'nothing' }, headers)],
      [413, await post(`{"model":"${'x'.repeat(9 * 1024 * 1024)}"}`, headers)],
      [400, await post(ask, { ...headers, 'idempotency-key': 'k'.repeat(256) })],
    ] as const;
    for (const [status, answer] of refused) {
      expect(answer.status).toBe(status);
      await answer.text();
      expect(answer.headers.get('x-ratelimit-limit-requests'), String(status)).toBe('4');
      expect(answer.headers.get('x-ratelimit-remaining-requests'), String(status)).toBe('3');
    }
    const unknown = await post('{"model":', { authorization: 'Bearer pk_live_x' });
    expect(unknown.status).toBe(401);
    expect(unknown.headers.get('x-ratelimit-limit-requests')).toBeNull();
  });

  test('a stream is lines of data that end with [DONE]', async () => {
    const answer = await post({ ...ask, stream: true });
    expect(answer.headers.get('content-type')).toContain('text/event-stream');
    expect(answer.headers.get('x-request-id')).toMatch(/^req_/);
    const lines = (await answer.text()).split('\n\n');
    expect(lines.at(-1)).toBe('');
    expect(lines.at(-2)).toBe('data: [DONE]');
    for (const line of lines.slice(0, -2)) expect('usage' in JSON.parse(line.slice('data: '.length))).toBe(false);
  });

  test('an answer’s message can be sent back as it is, and a null anywhere means nothing', async () => {
    const first = (await (await post(ask)).json()) as { choices: { message: object }[] };
    const turn = { ...first.choices[0]?.message, tool_calls: null };
    expect(turn).toHaveProperty('refusal', null);
    const messages = [...ask.messages, turn, { role: 'user', content: 'And?' }];
    const again = await post({ ...ask, messages, tools: null, parapet: { adapter_strength: null } });
    expect(again.status, await again.clone().text()).toBe(200);
    const deep = await post(`${'{"parapet":'.repeat(100_000)}null${'}'.repeat(100_000)}`);
    expect(deep.status).toBe(400);
  });

  test('every refusal has all four keys', async () => {
    const refused = [
      await post('{"model":'),
      await post(''),
      await post({ ...ask, best_of: 2 }),
      await post(ask, { authorization: '' }),
      await post(ask, { 'content-type': 'text/plain' }),
      await post(ask, {}, '/v1/nothing'),
      await fetch(`${fixture.url}/v1/chat/completions`),
      await fetch(`${fixture.url}/%`),
      await fetch(`${fixture.url}/auth/nothing`),
      await post('x'.repeat(9 * 1024 * 1024)),
    ];
    expect(refused.map((answer) => answer.status)).toEqual([400, 400, 400, 401, 400, 404, 405, 400, 404, 413]);
    for (const answer of refused) {
      expect(answer.headers.get('x-request-id')).toMatch(/^req_/);
      const { error } = openAiErrorSchema.parse(await answer.json());
      expect(Object.keys(error).sort()).toEqual(['code', 'message', 'param', 'type']);
    }
    expect(refused[6]?.headers.get('allow')).toBe('POST');
  });

  test('a deleted adapter is called by nobody any more, from that answer on', async () => {
    const form = new FormData();
    form.append('name', 'short-lived');
    form.append('file', new Blob([new Uint8Array(adapterFile(nullBaseModel.digest, model))]), 'a.safetensors');
    const imported = await fetch(`${fixture.url}/v1/parapet/adapters`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}` },
      body: form,
    });
    const name = ((await imported.json()) as { versionList: { model: string }[] }).versionList[0]?.model ?? '';
    const call = () => client.chat.completions.create({ ...ask, model: name } as typeof ask & { messages: [] });
    expect((await call()).model).toBe(name);
    expect(await client.models.delete(name)).toEqual({ id: name, object: 'model', deleted: true });
    await expect(call()).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
  });

  test('a client that leaves is billed for what was generated, and no hold stays', async () => {
    const slow = new AbortController();
    const answer = await fetch(`${fixture.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...ask, max_tokens: 100_000, stream: true }),
      signal: slow.signal,
    });
    const requestId = answer.headers.get('x-request-id')!;
    const reader = answer.body!.getReader();
    await reader.read();
    slow.abort();
    await reader.read().catch(() => {});
    await expect.poll(() => bookedFor(requestId), { timeout: 5_000 }).toHaveLength(1);
    const [event] = await bookedFor(requestId);
    expect(event).toMatchObject({ outcome: 'cancelled', completionTokens: fixture.engine.generated.get(requestId) });
    expect(event!.completionTokens).toBeLessThan(100_000);
  });

  test('the same Idempotency-Key gets the same answer and is billed once', async () => {
    const headers = { 'idempotency-key': 'one' };
    const first = await (await post(ask, headers)).json();
    const again = await post(ask, headers);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(await again.json()).toEqual(first);
    const other = await post({ ...ask, max_tokens: 3 }, headers);
    expect(other.status).toBe(409);
    expect(other.headers.get('x-should-retry')).toBe('false');
  });

  test('a heartbeat: accounts of settled requests are acknowledged at once, loads are counted', async () => {
    const answer = await post({ model, messages: [{ role: 'user', content: 'x' }], max_tokens: 2 });
    const settled = answer.headers.get('x-request-id')!;
    const inject = (url: string, payload: object) =>
      fixture.gateway.app.inject({
        method: 'POST',
        url,
        headers: { authorization: fixture.workerAuthorization },
        payload,
      });
    const [worker] = fixture.gateway.services.fleet.live();
    const usage = (await bookedFor(settled))[0]!;
    const report = (requestId: string) => ({
      requestId,
      tenantId: orgId,
      usage: {
        promptTokens: usage.promptTokens,
        cachedTokens: 0,
        completionTokens: 2,
        prefillDeviceMicros: 1,
        decodeDeviceMicros: 1,
        queueMicros: 0,
      },
      finishedAt: Date.now(),
    });
    const beat = {
      ...worker!.heartbeat,
      adapterLoadMs: [20, 40],
      unacknowledged: [report(settled), report('req_still_streaming')],
    };
    const told = await inject(`/internal/workers/serve/${worker!.id}/heartbeat`, beat);
    expect(told.json()).toMatchObject({ acknowledged: [settled] });
    const metrics = await (await fetch(`${fixture.url}/metrics`)).text();
    expect(metrics).toContain('parapet_adapter_load_seconds_count 2');
    expect(metrics).toContain('parapet_adapter_load_seconds_sum 0.06');
  });

  test('health, readiness, metrics and the description', async () => {
    expect((await fetch(`${fixture.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${fixture.url}/readyz`)).status).toBe(200);
    const metrics = await (await fetch(`${fixture.url}/metrics`)).text();
    expect(metrics).toMatch(/parapet_generation_tokens_total [1-9]/);
    const description = (await (await fetch(`${fixture.url}/openapi.json`)).json()) as { paths: object };
    expect(Object.keys(description.paths)).toContain('/v1/chat/completions');
  });
});
