import { ParapetError } from '@parapet/contracts/errors';
import type { GenerateEvent, GenerateRequest } from '@parapet/contracts/serve-worker';
import type { BaseModel } from '@parapet/models/open';
import { AdapterCache } from './adapters/adapter-cache.ts';
import { Batch } from './batch.ts';
import { GrammarCache } from './constrained/grammar-cache.ts';
import type { Device, ModelRunner } from './devices/device.ts';
import { failureOf, newGeneration } from './generation.ts';
import { Generations } from './generations.ts';
import { blockTokens } from './kv/block-pool.ts';
import { calibrationTexts } from './kv/calibration-texts.ts';
import { Prefiller } from './prefiller.ts';
import { completionLimit, promptTokens } from './request.ts';
import { Scheduler } from './scheduler.ts';
import type { Generation } from './sequence.ts';
import { EngineStats, type StatsSnapshot } from './stats.ts';
import { openServingWeights, servedBlockSize, type WeightKind } from './weights/serving-weights.ts';

export interface EngineOptions {
  model: BaseModel;
  device: Device;
  weights: WeightKind;
  /** Folder for exported weights. */
  weightsFolder: string;
  /** Numbers that share a scale in quantised weights. */
  blockSize?: number;
  /** Whether quantised weights go with a quantised KV cache (the default). */
  quantiseKv?: boolean;
  /** Rows of one decode batch. */
  maxRows: number;
  /** Requests that may wait beyond the batch. */
  maxQueue: number;
  /** Tokens of KV cache over all rows. */
  kvTokens: number;
  /** Bytes of resident adapters. */
  adapterBytes: number;
  /** An adapter's file by its digest. */
  adapters: (digest: string) => Promise<Uint8Array>;
  /** Told of failures that are the engine's own; the caller of the request only learns that there was one. */
  onFailure?: (error: unknown) => void;
  /** Longest that a prompt may hold up the rows that decode, in milliseconds a step. */
  prefillStallMs?: number;
}

const defaultPrefillStallMs = 40;

/**
 * Serves many tenants' requests on one model: `step()` = schedule → run → postprocess, over and over while there is
 * work. Rows of different adapters, strengths and lengths share every decode step.
 */
export class Engine {
  private readonly scheduler: Scheduler;
  readonly adapters: AdapterCache;
  private readonly generations: Generations;
  private readonly batch: Batch;
  private readonly prefiller: Prefiller;
  private readonly grammars: GrammarCache;
  private readonly statistics = new EngineStats();
  private wake: (() => void) | null = null;
  private closing = false;
  private loop: Promise<void> = Promise.resolve();

  private constructor(
    private readonly options: EngineOptions,
    private readonly runner: ModelRunner,
  ) {
    const { maxRows, maxQueue, kvTokens, model, adapterBytes, adapters } = options;
    this.grammars = new GrammarCache(model.tokenizer);
    const limits = { maxRows, maxQueue, kvBlocks: Math.max(1, Math.floor(kvTokens / blockTokens)) };
    this.scheduler = new Scheduler(limits, (blocks) => this.prefiller.reclaim(blocks));
    this.adapters = new AdapterCache({
      spec: model.spec,
      baseDigest: model.digest,
      maxBytes: adapterBytes,
      fetch: adapters,
      prepare: async (config) => {
        if (config.method !== 'ia3') await runner.prepare(config);
      },
    });
    this.generations = new Generations(this.scheduler, this.adapters);
    const shared = {
      ...{ model, runner, scheduler: this.scheduler, generations: this.generations, statistics: this.statistics },
      fail: (generation: Generation, error: unknown) => this.fail(generation, error),
    };
    this.batch = new Batch({ ...shared, grammars: this.grammars, maxRows });
    const stallMs = options.prefillStallMs ?? defaultPrefillStallMs;
    this.prefiller = new Prefiller({ ...shared, batch: this.batch, stallMs });
  }

  /** Loads the model on the device (seconds) and starts serving. */
  static async create(options: EngineOptions): Promise<Engine> {
    const {
      model,
      weights: kind,
      weightsFolder: folder,
      blockSize = servedBlockSize,
      device,
      maxRows,
      kvTokens,
    } = options;
    const weights = openServingWeights({
      ...{ model, kind: device.weightKind ?? kind, folder, blockSize },
      layout: device.weightLayout,
    });
    const runner = await device.createRunner({
      spec: model.spec,
      weights,
      maxRows,
      kvTokens,
      calibration: options.quantiseKv === false ? undefined : calibrationTexts(model),
    });
    const engine = new Engine(options, runner);
    engine.loop = engine.serve();
    return engine;
  }

  /**
   * Answers a request. Resolves when it is accepted; the events then come as they are made, the last is `done` or
   * `error`. Leaving the iteration early or aborting cancels.
   *
   * @throws ParapetError when it is refused: engine_overloaded, context_length_exceeded, invalid_adapter, …
   */
  async generate(request: GenerateRequest, signal?: AbortSignal): Promise<AsyncIterable<GenerateEvent>> {
    if (this.closing)
      throw new ParapetError('engine_unavailable', 'This engine is shutting down.', { retryAfterMs: 1000 });
    if (this.generations.get(request.requestId) !== undefined) {
      throw new ParapetError('conflict', `Request ${request.requestId} is running already.`);
    }
    const { model } = this.options;
    const tokens = promptTokens(model, request.prompt);
    const maxTokens = this.completionTokens(request, tokens.length);
    if (request.jsonSchema !== null) this.grammars.constraint(request.jsonSchema); // refused now or never
    const adapter = request.adapter === null ? null : await this.adapters.acquire(request.adapter.digest);
    const generation = newGeneration(request, tokens, maxTokens, adapter, () => this.cancel(request.requestId));
    try {
      if (signal?.aborted) throw new ParapetError('engine_unavailable', 'The request was cancelled before it began.');
      if (this.generations.size === 0) this.statistics.turn(); // idleness is no hanging
      this.generations.add(generation);
    } catch (error) {
      if (adapter !== null) this.adapters.release(adapter.digest);
      throw error;
    }
    signal?.addEventListener('abort', () => this.cancel(request.requestId), { once: true });
    this.wake?.();
    return generation.events;
  }

  /** Ends a request at the next step; its events still end with `done`. False when it isn't here (any more). */
  cancel(requestId: string): boolean {
    const generation = this.generations.get(requestId);
    if (generation === undefined) return false;
    generation.cancelled = true;
    this.wake?.();
    return true;
  }

  /** Holds these adapters resident whatever the cache would do. */
  pin(digests: readonly string[]): void {
    this.adapters.pin(digests);
  }

  /** False when there is work and no step was finished in time: it hangs. */
  get healthy(): boolean {
    return this.statistics.isHealthy(this.generations.size > 0);
  }

  /** Whether any request waits or runs. */
  get busy(): boolean {
    return this.generations.size > 0;
  }

  /** What the engine does now and did since the last call. */
  stats(): StatsSnapshot {
    const { pool } = this.scheduler;
    return this.statistics.snapshot({
      running: this.scheduler.rows.size + (this.prefiller.busy ? 1 : 0),
      waiting: this.scheduler.waiting,
      kvUsage: pool.inUse / pool.capacity,
      residentAdapters: this.adapters.digests(),
      residentAdapterBytes: this.adapters.residentBytes,
    });
  }

  /** Cancels what runs, waits for the last events and gives all memory back. */
  async close(): Promise<void> {
    this.closing = true;
    for (const { request } of this.generations.all()) this.cancel(request.requestId);
    this.wake?.();
    await this.loop;
    this.prefiller.release();
    await this.runner.close();
  }

  private completionTokens(request: GenerateRequest, prompt: number): number {
    const limit = completionLimit(request, prompt, this.options.model.spec.context);
    if (request.maxTokens !== null) return limit;
    // Without a wish of the caller it is what memory allows, too.
    return Math.max(
      1,
      Math.min(limit, Math.floor(this.scheduler.rowCapacityTokens / request.n) - prompt - blockTokens),
    );
  }

  private async serve(): Promise<void> {
    for (;;) {
      this.endCancelled();
      if (this.closing && this.generations.size === 0) return;
      if (this.generations.size === 0) {
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
        this.wake = null;
        continue;
      }
      await this.step();
      await new Promise((resolve) => setImmediate(resolve)); // lets requests and cancellations in between two steps
    }
  }

  /** One turn: prompts, within the time that decoding rows may be held up, then one token of every row. */
  private async step(): Promise<void> {
    this.statistics.turn();
    await this.prefiller.run(() => this.endCancelled());
    this.endCancelled();
    await this.batch.decode();
  }

  /** Ends requests that were cancelled or whose deadline has passed. */
  private endCancelled(): void {
    const now = Date.now();
    for (const generation of this.generations.all()) {
      const { deadlineAt } = generation.job;
      if (generation.cancelled) this.endEarly(generation);
      else if (deadlineAt !== null && deadlineAt <= now) {
        this.fail(
          generation,
          new ParapetError('deadline_exceeded', 'The request was not finished before its deadline.'),
        );
      }
    }
  }

  private endEarly(generation: Generation): void {
    this.batch.sendTexts();
    this.prefiller.drop(generation);
    for (const sequence of generation.rows) this.batch.finish(sequence, 'cancelled');
    this.generations.done(generation, 'cancelled');
  }

  private fail(generation: Generation, error: unknown): void {
    this.batch.sendTexts();
    if (generation.ended) return;
    this.prefiller.drop(generation);
    this.batch.drop(generation);
    const { code, message } = failureOf(error);
    if (code === 'internal') this.options.onFailure?.(error);
    this.generations.end(generation, { type: 'error', code, message, usage: generation.usage });
  }
}
