import type { GenerateEvent, GenerateRequest, ServeHeartbeat } from '@parapet/contracts/serve-worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type NullEngine, nullBaseModel, startNullEngine } from '../testing/null-engine.ts';
import { Fleet, type RegisteredServeWorker } from './fleet.ts';
import { runGeneration } from './generation.ts';

const workerToken = 'token-of-the-workers-of-this-test-only';

const idle: ServeHeartbeat = {
  running: 0,
  waiting: 0,
  kvUsage: 0,
  residentAdapters: [],
  residentAdapterBytes: 0,
  stepMsP50: null,
  stepMsP99: null,
  adapterTax: null,
  generatedTokens: 0,
  promptTokens: 0,
  deviceMicros: 0,
  healthy: true,
  draining: false,
  unacknowledged: [],
};

const workerAt = (id: string, url: string, beat: Partial<ServeHeartbeat> = {}, ageMs = 0): RegisteredServeWorker => ({
  id,
  registration: {
    url,
    baseModel: { ...nullBaseModel, parameters: 1, weights: 'none' },
    device: { kind: 'cpu', name: 'null' },
    maxRows: 4,
    maxQueue: 8,
    kvCapacityTokens: 1000,
  },
  heartbeat: { ...idle, ...beat },
  heartbeatAt: new Date(Date.now() - ageMs),
});

async function fleetOf(...workers: RegisteredServeWorker[]): Promise<Fleet> {
  const fleet = new Fleet({ load: async () => workers, workerToken });
  await fleet.refresh();
  return fleet;
}

let requests = 0;
const request = (change: Partial<GenerateRequest> = {}): GenerateRequest => ({
  requestId: `req_${requests++}`,
  tenantId: 'org_1',
  adapter: null,
  prompt: { kind: 'text', text: 'eight by' },
  n: 1,
  maxTokens: 5,
  sampling: {
    temperature: 0,
    topP: 1,
    topK: 0,
    minP: 0,
    presencePenalty: 0,
    frequencyPenalty: 0,
    logitBias: {},
    seed: null,
  },
  stop: [],
  topLogprobs: null,
  promptLogprobs: false,
  jsonSchema: null,
  priority: 0,
  deadlineMs: null,
  vectorsDigest: false,
  ...change,
});

let fast: NullEngine;
let slow: NullEngine;
beforeAll(async () => {
  fast = await startNullEngine({ workerToken });
  slow = await startNullEngine({ workerToken, tokenMs: 5 });
});
afterAll(async () => {
  await fast.close();
  await slow.close();
});

const run = (
  fleet: Fleet,
  change: Partial<GenerateRequest>,
  onEvent = (_event: GenerateEvent) => {},
  client?: AbortSignal,
) =>
  runGeneration({
    fleet,
    baseDigest: nullBaseModel.digest,
    request: request(change),
    client: client ?? new AbortController().signal,
    onEvent,
  });

describe('runGeneration', () => {
  test('gives every event in order and the account of the worker', async () => {
    const fleet = await fleetOf(workerAt('wrk_1', fast.url));
    const types: string[] = [];
    const end = await run(fleet, { n: 2 }, (event) => types.push(event.type) && undefined);
    expect(types).toEqual(['started', ...Array(10).fill('text'), 'finish', 'finish', 'done']);
    expect(end).toMatchObject({ outcome: 'length', began: true, error: null });
    expect(end.usage).toMatchObject({ promptTokens: 2, completionTokens: 10, decodeDeviceMicros: 1000 });
    await fleet.close();
  });

  test('a client that leaves is billed for what was generated, not more and not less', async () => {
    const fleet = await fleetOf(workerAt('wrk_1', slow.url));
    const client = new AbortController();
    let seen = 0;
    const one = request({ maxTokens: 1000 });
    const end = await runGeneration({
      fleet,
      baseDigest: nullBaseModel.digest,
      request: one,
      client: client.signal,
      onEvent: (event) => {
        if (event.type === 'text' && ++seen === 7) client.abort();
      },
    });
    expect(end.outcome).toBe('cancelled');
    expect(end.usage.completionTokens).toBe(slow.generated.get(one.requestId));
    expect(end.usage.completionTokens).toBeGreaterThanOrEqual(7);
    expect(end.usage.completionTokens).toBeLessThan(100);
    expect(slow.running()).toBe(0);
    await fleet.close();
  });

  test('a write that fails counts as a client that left', async () => {
    const fleet = await fleetOf(workerAt('wrk_1', slow.url));
    const end = await run(fleet, { maxTokens: 1000 }, (event) => {
      if (event.type === 'text') throw new Error('EPIPE');
    });
    expect(end).toMatchObject({ outcome: 'cancelled', error: null });
    expect(end.usage.completionTokens).toBeLessThan(100);
    await fleet.close();
  });

  test('an unreachable worker is passed over, and asked last from then on', async () => {
    const fleet = await fleetOf(
      workerAt('wrk_dead', 'http://127.0.0.1:9', { running: 0 }),
      workerAt('wrk_live', fast.url, { running: 3 }),
    );
    expect(fleet.candidates(nullBaseModel.digest, null)[0]?.id).toBe('wrk_dead');
    const end = await run(fleet, {});
    expect(end).toMatchObject({ outcome: 'length', worker: { id: 'wrk_live' } });
    expect(fleet.candidates(nullBaseModel.digest, null).map((worker) => worker.id)).toEqual(['wrk_live', 'wrk_dead']);
    await fleet.close();
  });

  test('without a worker nothing begins and nothing is owed', async () => {
    const fleet = await fleetOf(workerAt('wrk_dead', 'http://127.0.0.1:9'));
    const end = await run(fleet, {});
    expect(end).toMatchObject({ began: false, outcome: 'error', error: { code: 'engine_unavailable' } });
    await fleet.close();
  });

  test('a worker that dies in the middle leaves what was received as the account', async () => {
    const fleet = await fleetOf(workerAt('wrk_1', slow.url));
    let seen = 0;
    const end = await run(fleet, { maxTokens: 1000 }, (event) => {
      if (event.type === 'text' && ++seen === 5) slow.breakStreams();
    });
    expect(end).toMatchObject({ began: true, outcome: 'error', error: { code: 'engine_unavailable' } });
    expect(end.usage.completionTokens).toBeGreaterThanOrEqual(5);
    await fleet.close();
  });
});

describe('Fleet', () => {
  const adapter = 'a'.repeat(64);
  const order = async (...workers: RegisteredServeWorker[]) => {
    const fleet = await fleetOf(...workers);
    return fleet.candidates(nullBaseModel.digest, adapter).map((worker) => worker.id);
  };

  test('prefers the worker that holds the adapter while it has a free row', async () => {
    const holder = { residentAdapters: [adapter] };
    expect(
      await order(workerAt('idle', 'http://a'), workerAt('holder', 'http://b', { ...holder, running: 3 })),
    ).toEqual(['holder', 'idle']);
    expect(
      await order(workerAt('idle', 'http://a'), workerAt('holder', 'http://b', { ...holder, running: 4 })),
    ).toEqual(['idle', 'holder']);
  });

  test('drops the silent, the wedged, the draining and those of another base model', async () => {
    const foreign = workerAt('foreign', 'http://d');
    foreign.registration.baseModel.digest = 'f'.repeat(64);
    expect(
      await order(
        workerAt('silent', 'http://a', {}, 5_000),
        workerAt('wedged', 'http://b', { healthy: false }),
        workerAt('draining', 'http://c', { draining: true }),
        foreign,
        workerAt('good', 'http://e', { running: 4, waiting: 4 }),
      ),
    ).toEqual(['good']);
  });
});
