import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AdapterConfig } from '@parapet/contracts/adapter';
import {
  type GenerateEvent,
  type GenerateRequest,
  type GenerateUsage,
  generateRequestSchema,
} from '@parapet/contracts/serve-worker';
import type { BaseModel } from '@parapet/models/open';
import { type Adapter, decodeAdapter, encodeAdapter } from '@parapet/para/adapter-file';
import { initAdapter } from '@parapet/para/init';
import { cpuDevice } from '../devices/cpu/cpu-device.ts';
import { Engine, type EngineOptions } from '../engine.ts';

/** Adapter files by digest: what an engine under test fetches from. */
export class AdapterShelf {
  private readonly files = new Map<string, Uint8Array>();

  constructor(private readonly model: BaseModel) {}

  /** Adds an adapter whose W_up (and bias, LoRA's B) is random of that size; 0 = a new adapter. */
  add(config: AdapterConfig, seed: number, size: number): string {
    const tensors = initAdapter(config, this.model.spec, seed);
    let state = seed * 7919 + 1;
    for (const [name, data] of tensors) {
      if (!/\.(up|bias|b|scale)$/.test(name)) continue;
      for (let i = 0; i < data.length; i++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        data[i] = data[i]! + size * (state / 2 ** 31 - 1);
      }
    }
    const identity = { config, baseDigest: this.model.digest, baseModel: 'under-test' };
    return this.put(encodeAdapter(identity, this.model.spec, tensors));
  }

  put(file: Uint8Array): string {
    const digest = decodeDigest(file, this.model);
    this.files.set(digest, file);
    return digest;
  }

  readonly fetch = async (digest: string): Promise<Uint8Array> => {
    const file = this.files.get(digest);
    if (file === undefined) throw new Error(`no adapter ${digest}`);
    return file;
  };
}

function decodeDigest(file: Uint8Array, model: BaseModel): string {
  const adapter: Adapter = decodeAdapter(file, { digest: model.digest, spec: model.spec });
  return adapter.digest;
}

/** An engine on the CPU with small limits; `overrides` change them. */
export async function startEngine(
  model: BaseModel,
  shelf: AdapterShelf,
  overrides: Partial<EngineOptions> = {},
): Promise<Engine> {
  return await Engine.create({
    model,
    device: cpuDevice({ threads: 2 }),
    weights: 'fp32',
    weightsFolder: mkdtempSync(join(tmpdir(), 'parapet-weights-')),
    maxRows: 8,
    maxQueue: 64,
    kvTokens: 2048,
    adapterBytes: 1 << 24,
    adapters: shelf.fetch,
    onFailure: console.error,
    ...overrides,
  });
}

let requests = 0;

/** A whole request from the parts that matter: greedy, of the base model, unless told otherwise. */
export function request(
  parts: Omit<Partial<GenerateRequest>, 'sampling'> & { sampling?: Partial<GenerateRequest['sampling']> },
): GenerateRequest {
  return generateRequestSchema.parse({
    requestId: `req_${requests++}`,
    tenantId: 'org_a',
    adapter: null,
    prompt: { kind: 'tokens', tokens: [1, 5, 9] },
    maxTokens: 16,
    ...parts,
    sampling: { temperature: 0, ...parts.sampling },
  });
}

/** What a request answered, put together. */
export interface Answer {
  texts: string[];
  tokens: number;
  /** Token ids by row, where log-probabilities were asked for. */
  ids: number[][];
  logprobs: number[][];
  reasons: string[];
  cachedTokens: number;
  usage: GenerateUsage;
  error: { code: string; message: string } | null;
  vectorsDigest: string | null;
  events: GenerateEvent[];
}

/** Runs a request to its end. */
export async function answer(engine: Engine, asked: GenerateRequest): Promise<Answer> {
  return await collect(asked, await engine.generate(asked));
}

/** Reads a stream of events to its end. */
export async function collect(asked: GenerateRequest, events: AsyncIterable<GenerateEvent>): Promise<Answer> {
  const rows = Array.from({ length: asked.n });
  const result: Answer = {
    texts: rows.map(() => ''),
    tokens: 0,
    ids: rows.map(() => []),
    logprobs: rows.map(() => []),
    reasons: rows.map(() => ''),
    cachedTokens: 0,
    usage: {
      promptTokens: 0,
      cachedTokens: 0,
      completionTokens: 0,
      prefillDeviceMicros: 0,
      decodeDeviceMicros: 0,
      queueMicros: 0,
    },
    error: null,
    vectorsDigest: null,
    events: [],
  };
  for await (const event of events) {
    result.events.push(event);
    if (event.type === 'started') result.cachedTokens = event.cachedTokens;
    if (event.type === 'text') {
      result.texts[event.index] += event.text;
      result.tokens += event.tokens;
      for (const { id, logprob } of event.logprobs ?? []) {
        result.ids[event.index]!.push(id);
        result.logprobs[event.index]!.push(logprob);
      }
    }
    if (event.type === 'finish') result.reasons[event.index] = event.reason;
    if (event.type === 'done') {
      result.usage = event.usage;
      result.vectorsDigest = event.vectorsDigest;
    }
    if (event.type === 'error') {
      result.usage = event.usage;
      result.error = event;
    }
  }
  return result;
}

/** Runs requests one after another, as another tenant's, and then all at once: their answers in both cases. */
export async function aloneAndTogether(
  engine: Engine,
  asked: readonly GenerateRequest[],
): Promise<{ alone: Answer[]; together: Answer[] }> {
  const alone: Answer[] = [];
  for (const one of asked) {
    alone.push(await answer(engine, { ...one, requestId: `${one.requestId}-alone`, tenantId: 'org_b' }));
  }
  return { alone, together: await Promise.all(asked.map((one) => answer(engine, one))) };
}

/** Short prompts of unlike lengths of answers, one for each adapter; null = the base model. */
export function requestsOf(digests: readonly (string | null)[]): GenerateRequest[] {
  return digests.map((digest, i) =>
    request({
      adapter: digest === null ? null : { digest, strength: 1 },
      prompt: { kind: 'tokens', tokens: [10, 20 + i, 30] },
      maxTokens: 12 + i,
      topLogprobs: 2,
    }),
  );
}
