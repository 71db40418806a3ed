import { tinyModel } from '@parapet/models/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cpuDevice } from './devices/cpu/cpu-device.ts';
import { findKernels } from './devices/cpu/kernel-library.ts';
import type { Engine } from './engine.ts';
import {
  AdapterShelf,
  type Answer,
  aloneAndTogether,
  answer,
  collect,
  request,
  requestsOf,
  startEngine,
} from './testing/engine-kit.ts';
import { testKernelsFolder } from './testing/env.ts';

const model = tinyModel(7, { headDim: 16 });
const shelf = new AdapterShelf(model);
const para = { method: 'para', targets: 'qvu', bias: false, rank: 4, pooler: 'mean', activation: 'gelu' } as const;
const { kernels } = findKernels(testKernelsFolder);
const engines = [
  { name: 'fp32', options: {} },
  ...(kernels === null
    ? []
    : [
        {
          name: '8 bits, our own kernels',
          options: { weights: 'int8', device: cpuDevice({ threads: 2, kernels }) },
        } as const,
      ]),
];

describe.each(engines)('$name', ({ options }) => {
  let engine: Engine;

  beforeAll(async () => {
    engine = await startEngine(model, shelf, options);
  });
  afterAll(async () => {
    await engine.close();
  });

  test('rows of different adapters in one batch answer as they do alone', async () => {
    const digests = [
      shelf.add(para, 1, 3),
      shelf.add({ ...para, targets: 'wide', bias: true, pooler: 'last' }, 2, 2),
      shelf.add({ method: 'ia3' }, 3, 1),
    ];
    const { alone, together } = await aloneAndTogether(engine, requestsOf([null, ...digests]));
    together.forEach((found, i) => {
      expect(found.error).toBeNull();
      expect(found.ids).toEqual(alone[i]!.ids);
      found.logprobs[0]!.forEach((logprob, at) => {
        expect(Math.abs(logprob - alone[i]!.logprobs[0]![at]!)).toBeLessThan(1e-3);
      });
    });
    expect(new Set(together.map(({ ids }) => JSON.stringify(ids))).size).toBe(4);
  });

  test('a new adapter (W_up = 0), and any adapter at strength 0, is the base model bit for bit', async () => {
    const fresh = shelf.add(para, 5, 0);
    const strong = shelf.add(para, 5, 3);
    const asked = [
      null,
      { digest: fresh, strength: 1 },
      { digest: strong, strength: 0 },
      { digest: strong, strength: 1 },
    ].map((adapter) => request({ adapter, topLogprobs: 5, prompt: { kind: 'text', text: 'hello the spam' } }));
    const [base, zero, off, other] = await Promise.all(asked.map((one) => answer(engine, one)));
    expect(zero!.logprobs).toEqual(base!.logprobs);
    expect(off!.logprobs).toEqual(base!.logprobs);
    expect(other!.logprobs).not.toEqual(base!.logprobs);
  });

  test('the same prompt of the same tenant and adapter is not computed twice', async () => {
    const digest = shelf.add(para, 6, 2);
    const parts = {
      adapter: { digest, strength: 1 },
      prompt: { kind: 'text' as const, text: 'hello hello' },
      topLogprobs: 0,
    };
    const first = await answer(engine, request(parts));
    const second = await answer(engine, request(parts));
    const stranger = await answer(engine, request({ ...parts, tenantId: 'org_other' }));
    expect([first.cachedTokens, second.cachedTokens, stranger.cachedTokens]).toEqual([0, first.usage.promptTokens, 0]);
    expect(second.ids).toEqual(first.ids);
    expect(second.logprobs).toEqual(first.logprobs);
  });

  test('what is refused says why, before anything runs', async () => {
    await expect(
      engine.generate(request({ prompt: { kind: 'tokens', tokens: new Array(256).fill(5) } })),
    ).rejects.toMatchObject({ code: 'context_length_exceeded' });
    await expect(engine.generate(request({ prompt: { kind: 'tokens', tokens: [99_999] } }))).rejects.toMatchObject({
      code: 'invalid_request',
    });
    await expect(engine.generate(request({ n: 9 }))).rejects.toMatchObject({ code: 'invalid_request' });
    expect(engine.stats()).toMatchObject({ running: 0, waiting: 0 });
  });

  test('a cancelled request ends with what it produced', async () => {
    const asked = request({ maxTokens: 200 });
    const events = await engine.generate(asked);
    engine.cancel(asked.requestId);
    const found = await collect(asked, events);
    expect(found.reasons).toEqual(['cancelled']);
    expect(found.events.at(-1)!.type).toBe('done');
    expect(found.usage.completionTokens).toBeLessThan(200);
  });

  test('a poisoned adapter fails its own row and no other', async () => {
    const poisoned = shelf.add(para, 8, 1e38);
    const asked = [null, { digest: poisoned, strength: 2 }].map((adapter) =>
      request({ adapter, topLogprobs: 0, prompt: { kind: 'text', text: 'spam' } }),
    );
    const [base, broken] = await Promise.all(asked.map((one) => answer(engine, one)));
    const again = await answer(
      engine,
      request({ prompt: { kind: 'text', text: 'spam' }, topLogprobs: 0, tenantId: 'org_c' }),
    );
    expect(broken!.error?.code).toBe('row_failed');
    expect(base!.error).toBeNull();
    expect(base!.logprobs).toEqual(again.logprobs);
  });

  test('rows that memory no longer holds are preempted and answer the same, with the vectors they had', async () => {
    const digest = shelf.add(para, 9, 2);
    const small = await startEngine(model, shelf, { ...options, kvTokens: 160, maxRows: 4 });
    const asked = Array.from({ length: 4 }, (_, i) =>
      request({
        adapter: i % 2 === 0 ? { digest, strength: 1 } : null,
        prompt: { kind: 'tokens', tokens: [40 + i, 50, 60] },
        maxTokens: 60,
        topLogprobs: 0,
      }),
    );
    const alone: Answer[] = [];
    for (const one of asked) alone.push(await answer(engine, { ...one, requestId: `${one.requestId}-alone` }));
    const together = await Promise.all(asked.map((one) => answer(small, one)));
    expect(small.stats().preemptions).toBeGreaterThan(0);
    expect(together.map(({ ids }) => ids)).toEqual(alone.map(({ ids }) => ids));
    await small.close();
  });

  test('a JSON schema holds for whatever an untrained model would say; n rows each by their own seed', async () => {
    const jsonSchema = {
      type: 'object',
      properties: { label: { enum: ['spam', 'ham'] }, sure: { type: 'boolean' } },
      required: ['label', 'sure'],
    };
    const asked = request({ jsonSchema, n: 4, maxTokens: 60, sampling: { temperature: 1, seed: 3 } });
    const found = await answer(engine, asked);
    for (const text of found.texts) {
      const { label, sure } = JSON.parse(text) as { label: string; sure: boolean };
      expect(['spam', 'ham']).toContain(label);
      expect(typeof sure).toBe('boolean');
    }
    expect(found.reasons).toEqual(['stop', 'stop', 'stop', 'stop']);
    expect(new Set(found.texts).size).toBeGreaterThan(1);
    const again = await answer(engine, { ...asked, requestId: 'again' });
    expect(again.texts).toEqual(found.texts);
    const refused = engine.generate(request({ jsonSchema: { type: 'string', pattern: 'x' } }));
    await expect(refused).rejects.toMatchObject({ code: 'invalid_request' });
  });

  test('stop strings, ends of text and log-probabilities of the prompt are reported exactly', async () => {
    const free = await answer(engine, request({ maxTokens: 30, topLogprobs: 0, sampling: { logitBias: { 2: -100 } } }));
    const stop = free.texts[0]!.slice(4, 6);
    const stopped = await answer(
      engine,
      request({ maxTokens: 30, stop: [stop], sampling: { logitBias: { 2: -100 } } }),
    );
    expect(stopped.texts[0]).toBe(free.texts[0]!.slice(0, free.texts[0]!.indexOf(stop)));
    expect(stopped.reasons).toEqual(['stop']);
    expect(stopped.tokens).toBe(stopped.usage.completionTokens);
    const prompt = [1, 5, 9, 40, 41];
    const echoed = await answer(
      engine,
      request({ prompt: { kind: 'tokens', tokens: prompt }, promptLogprobs: true, topLogprobs: 2 }),
    );
    const started = echoed.events[0]!;
    const logprobs = started.type === 'started' ? started.promptLogprobs! : [];
    expect(logprobs.map(({ id }) => id)).toEqual(prompt.slice(1));
    const alone = await answer(
      engine,
      request({
        prompt: { kind: 'tokens', tokens: prompt.slice(0, 4) },
        maxTokens: 1,
        topLogprobs: 0,
        sampling: { logitBias: { 41: 100 } },
      }),
    );
    expect(alone.logprobs[0]![0]!).toBeCloseTo(logprobs[3]!.logprob, 3);
  });
});
