import type { TokenLogprob } from '@parapet/contracts/serve-worker';
import type { BaseModel } from '@parapet/models/open';
import type { Batch } from './batch.ts';
import type { ModelRunner, PrefillRun, PromptScaling, RowAdaptation } from './devices/device.ts';
import { scalingOf } from './generation.ts';
import type { Generations } from './generations.ts';
import { type CachedPrompt, PromptCache } from './kv/prompt-cache.ts';
import { readPromptLogprobs } from './sampling/describe-logprobs.ts';
import type { Admission, Scheduler } from './scheduler.ts';
import type { Generation } from './sequence.ts';
import type { EngineStats } from './stats.ts';

/** A prompt on its way through the layers. */
interface Prefilling {
  admission: Admission;
  generation: Generation;
  run: PrefillRun;
  tokens: readonly number[];
}

interface PrefillerParts {
  model: BaseModel;
  runner: ModelRunner;
  scheduler: Scheduler;
  generations: Generations;
  batch: Batch;
  statistics: EngineStats;
  /** Longest that a prompt may hold up the rows that decode, in milliseconds a step. */
  stallMs: number;
  /** Ends a request whose prompt failed. */
  fail: (generation: Generation, error: unknown) => void;
}

/** What a prompt may take at once when nobody decodes: cancellations and the health check still get their turn. */
const idleMicros = 500_000;

/**
 * Brings prompts into the batch, one after another. PARA reads the whole prompt in every layer, so a prompt is cut by
 * layers: as many at once as the rows that decode meanwhile may be held up.
 */
export class Prefiller {
  private readonly prompts: PromptCache;
  private current: Prefilling | null = null;
  /** Estimated device time of one token in one layer. */
  private microsPerTokenLayer = 10;

  constructor(private readonly parts: PrefillerParts) {
    this.prompts = new PromptCache(() => parts.scheduler.pool);
  }

  /** Whether a prompt is on its way. */
  get busy(): boolean {
    return this.current !== null;
  }

  /** Frees blocks that only keep prompts for another time; true if any was freed. */
  reclaim(blocks: number): boolean {
    return this.prompts.reclaim(blocks);
  }

  /** Gives back what is kept of prompts. */
  release(): void {
    this.prompts.release();
  }

  /** Admits and prefills for as long as rows that decode may be held up. @param between runs before each piece */
  async run(between: () => void): Promise<void> {
    let micros = this.parts.stallMs * 1000;
    for (;;) {
      between();
      this.current ??= this.next();
      if (this.current === null) return;
      micros -= await this.advance(this.current, micros);
      if (this.parts.scheduler.rows.size > 0 && micros <= 0) return;
    }
  }

  /** Lets the prompt go if it is that request's (cancelled, failed). */
  drop(generation: Generation): void {
    if (this.current === null || this.current.generation !== generation) return;
    const { run, admission } = this.current;
    run.release();
    this.parts.scheduler.abandon(admission);
    this.current = null;
  }

  /** Runs some layers, about `micros` of them; returns what they took. */
  private async advance(current: Prefilling, micros: number): Promise<number> {
    const { run, tokens, generation } = current;
    const allowed = this.parts.scheduler.rows.size === 0 ? idleMicros : micros;
    const layers = Math.max(1, Math.floor(allowed / (tokens.length * this.microsPerTokenLayer)));
    const before = run.remainingLayers;
    const start = performance.now();
    try {
      await run.advance(layers);
      const took = Math.round((performance.now() - start) * 1000);
      const tokenLayers = tokens.length * (before - run.remainingLayers);
      if (tokenLayers > 0) this.microsPerTokenLayer += 0.3 * (took / tokenLayers - this.microsPerTokenLayer);
      this.charge(current, took);
      if (run.remainingLayers === 0) await this.finish(current);
      return took;
    } catch (error) {
      run.release();
      this.parts.fail(generation, error);
      return Math.round((performance.now() - start) * 1000);
    }
  }

  private next(): Prefilling | null {
    const { scheduler, generations, batch, runner } = this.parts;
    for (;;) {
      const admission = scheduler.admit();
      if (admission === null) return null;
      batch.clearStaging();
      if (admission.kind === 'resume') {
        const sequence = batch.row(admission.row.id);
        const tokens = sequence.tokens.slice(0, admission.row.tokens);
        const scaling: PromptScaling =
          sequence.scales === null ? { kind: 'base' } : { kind: 'saved', scales: sequence.scales };
        const run = runner.beginPrefill(batch.stagingSlot, tokens, scaling);
        return { admission, generation: sequence.generation, run, tokens };
      }
      const generation = generations.ofJob(admission.job.id);
      const { promptTokens: tokens, usage, request } = generation;
      usage.queueMicros = Math.round((performance.now() - generation.arrivedAt) * 1000);
      usage.promptTokens = tokens.length;
      const cached = request.promptLogprobs ? null : this.prompts.get(keyOf(generation));
      if (cached === null) {
        const run = runner.beginPrefill(batch.stagingSlot, tokens, scalingOf(generation));
        return { admission, generation, run, tokens };
      }
      usage.cachedTokens = tokens.length;
      const { kv, logits } = cached;
      const scales = cached.scales ?? knownBefore(generation);
      batch.start(generation, { scales, logits, promptLogprobs: null, place: (slot) => runner.restoreKv(slot, kv) });
    }
  }

  /** Through all layers: the prompt's rows join the batch. */
  private async finish(current: Prefilling): Promise<void> {
    const { admission, generation, run, tokens } = current;
    const { batch, runner } = this.parts;
    const place = (slot: number) => {
      if (slot !== batch.stagingSlot) runner.copyKv(batch.stagingSlot, slot, tokens.length);
    };
    if (admission.kind === 'resume') {
      this.current = null;
      batch.resume(admission.row, place);
    } else {
      const start = performance.now();
      const scales = run.scales();
      const logits = await run.lastLogits();
      const promptLogprobs = generation.request.promptLogprobs ? await this.promptLogprobs(generation, run) : null;
      this.charge(current, Math.round((performance.now() - start) * 1000));
      this.keep(generation, scales, logits);
      this.current = null; // from here on the rows are the batch's, and a failure is theirs
      batch.start(generation, { scales, logits, promptLogprobs, place });
    }
    run.release();
    batch.leaveStaging();
  }

  private charge({ admission, generation: { usage } }: Prefilling, micros: number): void {
    if (admission.kind === 'resume') usage.decodeDeviceMicros += micros;
    else usage.prefillDeviceMicros += micros;
    this.parts.statistics.prefill(micros);
  }

  /** Keeps a prompt for the next request that is the same. */
  private keep(generation: Generation, scales: RowAdaptation | null, logits: Float32Array): void {
    const { length } = generation.promptTokens;
    if (!this.prompts.hasRoom(length)) return;
    const kv = this.parts.runner.saveKv(this.parts.batch.stagingSlot, length);
    // What the prompt didn't make belongs to the adapter, which may have to go before its prompts.
    const own = scales === null || scales.variant === 'lora' ? null : scales;
    const prompt: CachedPrompt = { kv, scales: own, logits: logits.slice() };
    this.prompts.put(keyOf(generation), prompt);
  }

  private promptLogprobs({ promptTokens: tokens, request }: Generation, run: PrefillRun): Promise<TokenLogprob[]> {
    const { model, runner } = this.parts;
    const options = { vocab: runner.vocab, alternatives: request.topLogprobs ?? 0 };
    return readPromptLogprobs(model.tokenizer, run, tokens, options);
  }
}

function keyOf({ request, promptTokens: tokens }: Generation): string {
  return PromptCache.key(request.tenantId, request.adapter, tokens);
}

/** What adapts a generation's rows whatever its prompt. */
function knownBefore(generation: Generation): RowAdaptation | null {
  const scaling = scalingOf(generation);
  return scaling.kind === 'saved' ? scaling.scales : null;
}
