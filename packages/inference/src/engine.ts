import { randomInt } from 'node:crypto';
import { ParapetError } from '@parapet/contracts/errors';
import type { FinishReason, GenerateEvent, GenerateRequest, TokenLogprob } from '@parapet/contracts/serve-worker';
import type { BaseModel } from '@parapet/models/open';
import { AdapterCache } from './adapters/adapter-cache.ts';
import { summariseScales } from './adapters/summarise-scales.ts';
import { GrammarCache } from './constrained/grammar-cache.ts';
import { shareMicros } from './device-time.ts';
import type { Device, Draw, ModelRunner, PrefillRun, PromptScaling, RowScales } from './devices/device.ts';
import { digestOf, failureOf, newGeneration, scalingOf } from './generation.ts';
import { blockTokens } from './kv/block-pool.ts';
import { calibrationTexts } from './kv/calibration-texts.ts';
import { type CachedPrompt, PromptCache } from './kv/prompt-cache.ts';
import { Slots } from './kv/slots.ts';
import { completionLimit, promptTokens } from './request.ts';
import { describeLogprob, readPromptLogprobs } from './sampling/describe-logprobs.ts';
import { type SampledToken, Sampler } from './sampling/sampler.ts';
import { type Admission, Scheduler } from './scheduler.ts';
import type { Generation, Sequence } from './sequence.ts';
import { EngineStats, type StatsSnapshot } from './stats.ts';
import { TextStream } from './text/text-stream.ts';
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

/** A prompt on its way through the layers. */
interface Prefilling {
  admission: Admission;
  generation: Generation;
  run: PrefillRun;
  tokens: readonly number[];
}

const defaultPrefillStallMs = 40;
/** What a prompt may take at once when nobody decodes: cancellations and the health check still get their turn. */
const idlePrefillMicros = 500_000;

/**
 * Serves many tenants' requests on one model: `step()` = schedule → run → postprocess, over and over while there is
 * work. Rows of different adapters, strengths and lengths share every decode step.
 */
export class Engine {
  private readonly generations = new Map<string, Generation>();
  private readonly byJob = new Map<string, Generation>();
  private readonly byRow = new Map<string, Sequence>();
  private readonly slots: Slots<Sequence>;
  private readonly scheduler: Scheduler;
  private readonly prompts: PromptCache;
  readonly adapters: AdapterCache;
  private readonly grammars: GrammarCache;
  private readonly statistics = new EngineStats();
  private prefilling: Prefilling | null = null;
  /** Tokens chosen but not yet turned into text: at most one a row. */
  private readonly unsent: { sequence: Sequence; id: number; entry: TokenLogprob | null }[] = [];
  /** Estimated device time of one token in one layer of a prompt. */
  private prefillMicrosPerTokenLayer = 10;
  private wake: (() => void) | null = null;
  private closing = false;
  private loop: Promise<void> = Promise.resolve();

  private constructor(
    private readonly options: EngineOptions,
    private readonly runner: ModelRunner,
  ) {
    const { maxRows, maxQueue, kvTokens, model, adapterBytes, adapters } = options;
    this.slots = new Slots(maxRows);
    this.grammars = new GrammarCache(model.tokenizer);
    this.prompts = new PromptCache(() => this.scheduler.pool);
    const limits = { maxRows, maxQueue, kvBlocks: Math.max(1, Math.floor(kvTokens / blockTokens)) };
    this.scheduler = new Scheduler(limits, (blocks) => this.prompts.reclaim(blocks));
    this.adapters = new AdapterCache({
      spec: model.spec,
      baseDigest: model.digest,
      maxBytes: adapterBytes,
      fetch: adapters,
      prepare: async (config) => {
        if (config.method === 'para') await runner.prepare(config);
        if (config.method === 'lora') {
          throw new ParapetError(
            'invalid_adapter',
            'This engine serves PARA and (IA)³ adapters; LoRA only in its benchmark.',
          );
        }
      },
    });
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
    if (this.generations.has(request.requestId)) {
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
      this.scheduler.enqueue(generation.job);
    } catch (error) {
      if (adapter !== null) this.adapters.release(adapter.digest);
      throw error;
    }
    if (this.generations.size === 0) this.statistics.turn(); // idleness is no hanging
    this.generations.set(request.requestId, generation);
    this.byJob.set(generation.job.id, generation);
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
      running: this.scheduler.rows.size + (this.prefilling === null ? 0 : 1),
      waiting: this.scheduler.waiting,
      kvUsage: pool.inUse / pool.capacity,
      residentAdapters: this.adapters.digests(),
      residentAdapterBytes: this.adapters.residentBytes,
    });
  }

  /** Cancels what runs, waits for the last events and gives all memory back. */
  async close(): Promise<void> {
    this.closing = true;
    for (const id of this.generations.keys()) this.cancel(id);
    this.wake?.();
    await this.loop;
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

  /** One turn: admit and prefill within the time that decoding rows may be held up, then decode one token of every row. */
  private async step(): Promise<void> {
    this.statistics.turn();
    const budget = { micros: (this.options.prefillStallMs ?? defaultPrefillStallMs) * 1000 };
    while (await this.prefillSome(budget)) {
      if (this.scheduler.rows.size > 0 && budget.micros <= 0) break;
    }
    await this.decodeAll();
  }

  /** Runs some layers of the prompt at hand, or takes the next one. False when there is nothing to prefill. */
  private async prefillSome(budget: { micros: number }): Promise<boolean> {
    this.endCancelled();
    this.prefilling ??= this.nextPrefill();
    const current = this.prefilling;
    if (current === null) return false;
    const { run, tokens, generation } = current;
    const perLayer = tokens.length * this.prefillMicrosPerTokenLayer;
    const allowed = this.scheduler.rows.size === 0 ? idlePrefillMicros : budget.micros;
    const layers = Math.max(1, Math.floor(allowed / perLayer));
    const before = run.remainingLayers;
    const start = performance.now();
    try {
      await run.advance(layers);
      const micros = Math.round((performance.now() - start) * 1000);
      budget.micros -= micros;
      this.notePrefill(generation, micros, tokens.length * (before - run.remainingLayers));
      if (run.remainingLayers === 0) await this.finishPrefill(current);
    } catch (error) {
      run.release();
      this.fail(generation, error);
    }
    return true;
  }

  private nextPrefill(): Prefilling | null {
    for (;;) {
      const admission = this.scheduler.admit();
      if (admission === null) return null;
      const stagingSlot = this.slots.capacity - 1;
      if (this.slots.at(stagingSlot) !== null) this.settleSlots();
      if (admission.kind === 'resume') {
        const sequence = this.byRow.get(admission.row.id)!;
        const tokens = sequence.tokens.slice(0, admission.row.tokens);
        const scaling: PromptScaling =
          sequence.scales === null ? { kind: 'base' } : { kind: 'saved', scales: sequence.scales };
        const run = this.runner.beginPrefill(stagingSlot, tokens, scaling);
        return { admission, generation: sequence.generation, run, tokens };
      }
      const generation = this.byJob.get(admission.job.id)!;
      generation.usage.queueMicros = Math.round((performance.now() - generation.arrivedAt) * 1000);
      generation.usage.promptTokens = generation.promptTokens.length;
      const cached = generation.request.promptLogprobs ? null : this.prompts.get(this.promptKey(generation));
      if (cached !== null) {
        generation.usage.cachedTokens = generation.promptTokens.length;
        this.startRows(generation, cached.scales, cached.logits, null, (slot) =>
          this.runner.restoreKv(slot, cached.kv),
        );
        continue;
      }
      const run = this.runner.beginPrefill(stagingSlot, generation.promptTokens, scalingOf(generation));
      return { admission, generation, run, tokens: generation.promptTokens };
    }
  }

  private async finishPrefill({ admission, generation, run, tokens }: Prefilling): Promise<void> {
    const stagingSlot = this.slots.capacity - 1;
    const place = (slot: number) => {
      if (slot !== stagingSlot) this.runner.copyKv(stagingSlot, slot, tokens.length);
    };
    if (admission.kind === 'resume') {
      this.prefilling = null;
      this.scheduler.resume(admission.row);
      this.joinBatch(this.byRow.get(admission.row.id)!, place);
    } else {
      const start = performance.now();
      const scales = run.scales();
      const logits = await run.lastLogits();
      const promptLogprobs = generation.request.promptLogprobs ? await this.promptLogprobs(generation, run) : null;
      this.notePrefill(generation, Math.round((performance.now() - start) * 1000), 0);
      this.keepPrompt(generation, stagingSlot, scales, logits);
      this.prefilling = null; // from here on the rows are the batch's, and a failure is theirs
      this.startRows(generation, scales, logits, promptLogprobs, place);
    }
    run.release();
    if (this.slots.at(stagingSlot) === null) this.runner.freeSlot(stagingSlot);
  }

  /** The prompt is there: its rows join the batch, each with a first token from the prompt's logits. */
  private startRows(
    generation: Generation,
    scales: RowScales | null,
    logits: Float32Array,
    promptLogprobs: TokenLogprob[] | null,
    place: (slot: number) => void,
  ): void {
    const { request, job, usage } = generation;
    if (request.vectorsDigest && scales !== null) generation.vectorsDigest = digestOf(scales.numbers);
    if (request.vectorsSummary && scales !== null) {
      generation.vectors = summariseScales(this.options.model.spec, scales);
    }
    generation.rows = Array.from({ length: request.n }, (_, index) => this.newSequence(generation, index, scales));
    this.scheduler.start(
      job,
      generation.rows.map((row) => row.id),
    );
    generation.events.push({
      type: 'started',
      promptTokens: usage.promptTokens,
      cachedTokens: usage.cachedTokens,
      queueMicros: usage.queueMicros,
      promptLogprobs,
    });
    this.statistics.prompt(usage.promptTokens);
    for (const sequence of generation.rows) {
      this.byRow.set(sequence.id, sequence);
      this.joinBatch(sequence, place);
    }
    for (const sequence of [...generation.rows]) {
      if (generation.ended) return;
      this.takeToken(sequence, () => sampleRow(sequence, logits.slice()));
    }
  }

  private newSequence(generation: Generation, index: number, scales: RowScales | null): Sequence {
    const { request, promptTokens: prompt } = generation;
    const { seed } = request.sampling;
    return {
      id: `${request.requestId}#${index}`,
      index,
      generation,
      tokens: [...prompt],
      scales,
      sampler: new Sampler(
        request.sampling,
        seed === null ? randomInt(2 ** 47) : seed + index,
        request.topLogprobs,
        this.runner.vocab,
      ),
      constraint: request.jsonSchema === null ? null : this.grammars.constraint(request.jsonSchema),
      text: new TextStream(this.options.model.tokenizer.streamDecoder(), request.stop),
      finished: false,
    };
  }

  private joinBatch(sequence: Sequence, place: (slot: number) => void): void {
    const slot = this.slots.join(sequence);
    place(slot);
    this.runner.setScales(slot, sequence.scales);
  }

  private async decodeAll(): Promise<void> {
    this.endCancelled();
    const { preempted } = this.scheduler.planDecode();
    for (const { id } of preempted) {
      this.statistics.preemption();
      this.leaveBatch(this.byRow.get(id)!);
    }
    this.settleSlots();
    const count = this.slots.size;
    if (count === 0) {
      this.sendTexts();
      return;
    }
    const rows = Array.from({ length: count }, (_, slot) => this.slots.at(slot)!);
    const running = this.runner.decode(
      rows.map((sequence) => ({
        token: sequence.tokens.at(-1)!,
        tokens: sequence.tokens.length,
        needsLogits: needsLogits(sequence),
        draw: drawOf(sequence),
      })),
    );
    this.sendTexts(); // of the step before, while the device works on this one
    const result = await running;
    const shares = shareMicros(result.micros, count);
    this.statistics.step(result.micros, count, rows.filter((row) => row.scales !== null).length);
    rows.forEach((sequence, slot) => {
      sequence.generation.usage.decodeDeviceMicros += shares[slot]!;
      if (sequence.finished) return;
      this.scheduler.advance(sequence.id);
      const drawn = result.sampled?.(slot) ?? null;
      this.takeToken(sequence, () => {
        if (drawn !== null) return sequence.sampler.greedy(drawn);
        return needsLogits(sequence)
          ? sampleRow(sequence, result.logits(slot))
          : sequence.sampler.greedy(result.greedy(slot));
      });
    });
  }

  /** Moves rows from the end into holes that others left. */
  private settleSlots(): void {
    this.slots.settle((sequence, from, to) => {
      this.runner.copyKv(from, to, sequence.tokens.length - 1);
      this.runner.setScales(to, sequence.scales);
      this.runner.freeSlot(from);
    });
  }

  /** Chooses a row's next token from its logits and does what follows from it. */
  private takeToken(sequence: Sequence, choose: () => SampledToken): void {
    const { generation, text } = sequence;
    if (sequence.finished || generation.ended) return;
    try {
      const { id, logprob, top } = choose();
      sequence.tokens.push(id);
      generation.usage.completionTokens += 1;
      this.statistics.token();
      const entry = logprob === null ? null : describeLogprob(this.options.model.tokenizer, logprob, top);
      if (id === this.options.model.tokenizer.eosId) {
        text.pushSilent();
        this.finish(sequence, 'stop');
        return;
      }
      sequence.constraint?.push(id);
      const complete = sequence.constraint?.complete ?? false;
      if (!complete && sequence.tokens.length - generation.promptTokens.length < generation.maxTokens) {
        this.unsent.push({ sequence, id, entry });
        return;
      }
      this.emit(sequence, text.push(id, entry));
      this.finish(sequence, complete || text.stopped ? 'stop' : 'length');
    } catch (error) {
      this.fail(generation, error);
    }
  }

  /** Turns the tokens that were chosen last into text; a row that meets a stop string here ends, whatever it runs now. */
  private sendTexts(): void {
    for (const { sequence, id, entry } of this.unsent.splice(0)) {
      if (sequence.finished || sequence.generation.ended) continue;
      try {
        this.emit(sequence, sequence.text.push(id, entry));
        if (sequence.text.stopped) this.finish(sequence, 'stop');
      } catch (error) {
        this.fail(sequence.generation, error);
      }
    }
  }

  private emit(sequence: Sequence, chunk: ReturnType<TextStream['push']>): void {
    if (chunk === null) return;
    const logprobs = sequence.generation.request.topLogprobs === null ? null : chunk.logprobs;
    sequence.generation.events.push({
      type: 'text',
      index: sequence.index,
      text: chunk.text,
      tokens: chunk.tokens,
      logprobs,
    });
  }

  private finish(sequence: Sequence, reason: FinishReason): void {
    if (sequence.finished) return;
    sequence.finished = true;
    const { generation } = sequence;
    this.emit(sequence, sequence.text.end());
    generation.events.push({ type: 'finish', index: sequence.index, reason });
    this.removeRow(sequence);
    if (generation.rows.every((row) => row.finished)) {
      this.end(generation, {
        type: 'done',
        usage: generation.usage,
        vectorsDigest: generation.vectorsDigest,
        vectors: generation.vectors,
      });
    }
  }

  private removeRow(sequence: Sequence): void {
    this.scheduler.finishRow(sequence.id);
    this.leaveBatch(sequence);
    this.byRow.delete(sequence.id);
  }

  private leaveBatch(sequence: Sequence): void {
    const slot = this.slots.leave(sequence);
    if (slot !== undefined) this.runner.freeSlot(slot);
  }

  /** Ends requests that were cancelled or whose deadline has passed. */
  private endCancelled(): void {
    const now = Date.now();
    for (const generation of [...this.generations.values()]) {
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
    this.sendTexts();
    if (this.prefilling?.generation === generation) this.dropPrefill();
    for (const sequence of generation.rows) this.finish(sequence, 'cancelled');
    if (generation.ended) return;
    for (let index = 0; index < generation.request.n; index++) {
      generation.events.push({ type: 'finish', index, reason: 'cancelled' });
    }
    this.end(generation, { type: 'done', usage: generation.usage, vectorsDigest: null });
  }

  private dropPrefill(): void {
    if (this.prefilling === null) return;
    const { run, admission } = this.prefilling;
    run.release();
    this.scheduler.abandon(admission);
    this.prefilling = null;
  }

  private fail(generation: Generation, error: unknown): void {
    this.sendTexts();
    if (generation.ended) return;
    if (this.prefilling?.generation === generation) this.dropPrefill();
    for (const sequence of generation.rows) {
      if (sequence.finished) continue;
      sequence.finished = true;
      this.removeRow(sequence);
    }
    const { code, message } = failureOf(error);
    if (code === 'internal') this.options.onFailure?.(error);
    this.end(generation, { type: 'error', code, message, usage: generation.usage });
  }

  private end(generation: Generation, last: GenerateEvent): void {
    if (generation.ended) return;
    generation.ended = true;
    this.scheduler.finishJob(generation.job);
    this.generations.delete(generation.request.requestId);
    this.byJob.delete(generation.job.id);
    if (generation.adapter !== null) this.adapters.release(generation.adapter.digest);
    generation.events.push(last);
    generation.events.close();
  }

  private notePrefill(generation: Generation, micros: number, tokenLayers: number): void {
    if (this.prefilling?.admission.kind === 'resume') generation.usage.decodeDeviceMicros += micros;
    else generation.usage.prefillDeviceMicros += micros;
    this.statistics.prefill(micros);
    if (tokenLayers === 0) return;
    this.prefillMicrosPerTokenLayer += 0.3 * (micros / tokenLayers - this.prefillMicrosPerTokenLayer);
  }

  private keepPrompt(generation: Generation, slot: number, scales: RowScales | null, logits: Float32Array): void {
    const { length } = generation.promptTokens;
    if (!this.prompts.hasRoom(length)) return;
    const prompt: CachedPrompt = { kv: this.runner.saveKv(slot, length), scales, logits: logits.slice() };
    this.prompts.put(this.promptKey(generation), prompt);
  }

  private promptLogprobs({ promptTokens: tokens, request }: Generation, run: PrefillRun): Promise<TokenLogprob[]> {
    const options = { vocab: this.runner.vocab, alternatives: request.topLogprobs ?? 0 };
    return readPromptLogprobs(this.options.model.tokenizer, run, tokens, options);
  }

  private promptKey({ request, promptTokens: tokens }: Generation): string {
    return PromptCache.key(request.tenantId, request.adapter, tokens);
  }
}

function needsLogits({ sampler, constraint }: Sequence): boolean {
  return constraint !== null || !sampler.isPlainGreedy;
}

/** What a device needs to draw a row's next token by itself. */
function drawOf({ sampler, constraint, tokens }: Sequence): Draw | null {
  return constraint === null ? sampler.deviceDraw(tokens.length) : null;
}

function sampleRow({ sampler, constraint, tokens }: Sequence, logits: Float32Array): SampledToken {
  return sampler.sample(logits, tokens.length, constraint);
}
