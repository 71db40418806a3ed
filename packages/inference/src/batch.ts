import { randomInt } from 'node:crypto';
import type { FinishReason, TokenLogprob } from '@parapet/contracts/serve-worker';
import type { BaseModel } from '@parapet/models/open';
import { summariseScales } from './adapters/summarise-scales.ts';
import type { GrammarCache } from './constrained/grammar-cache.ts';
import { shareMicros } from './device-time.ts';
import type { Draw, ModelRunner, RowAdaptation } from './devices/device.ts';
import { digestOf } from './generation.ts';
import type { Generations } from './generations.ts';
import { Slots } from './kv/slots.ts';
import { describeLogprob } from './sampling/describe-logprobs.ts';
import { type SampledToken, Sampler } from './sampling/sampler.ts';
import type { ResumedRow, Scheduler } from './scheduler.ts';
import type { Generation, Sequence } from './sequence.ts';
import type { EngineStats } from './stats.ts';
import { TextStream } from './text/text-stream.ts';

/** What prefilling a prompt gave its rows. */
export interface PrefilledPrompt {
  scales: RowAdaptation | null;
  /** Logits `[V]` of the last token. */
  logits: Float32Array;
  promptLogprobs: TokenLogprob[] | null;
  /** Puts the prompt's keys and values into a slot. */
  place: (slot: number) => void;
}

interface BatchParts {
  model: BaseModel;
  runner: ModelRunner;
  scheduler: Scheduler;
  generations: Generations;
  grammars: GrammarCache;
  statistics: EngineStats;
  maxRows: number;
  /** Ends a request whose row failed. */
  fail: (generation: Generation, error: unknown) => void;
}

/** The rows that decode together: what slot each has, what token it takes next, what of its text is sent. */
export class Batch {
  private readonly slots: Slots<Sequence>;
  private readonly byRow = new Map<string, Sequence>();
  /** Tokens chosen but not yet turned into text: at most one a row. */
  private readonly unsent: { sequence: Sequence; id: number; entry: TokenLogprob | null }[] = [];

  constructor(private readonly parts: BatchParts) {
    this.slots = new Slots(parts.maxRows);
  }

  /** The slot that a prompt is prefilled into: the last, which a batch that admits a prompt leaves free. */
  get stagingSlot(): number {
    return this.slots.capacity - 1;
  }

  /** Sees to it that the staging slot is free. */
  clearStaging(): void {
    if (this.slots.at(this.stagingSlot) !== null) this.settle();
  }

  /** Gives the staging slot's memory back, unless the prompt stayed there as a row. */
  leaveStaging(): void {
    if (this.slots.at(this.stagingSlot) === null) this.parts.runner.freeSlot(this.stagingSlot);
  }

  /** A row of the batch, or one that was preempted. */
  row(id: string): Sequence {
    return this.byRow.get(id)!;
  }

  /** A prompt is there: its rows join the batch, each with a first token from the prompt's logits. */
  start(generation: Generation, { scales, logits, promptLogprobs, place }: PrefilledPrompt): void {
    const { request, job, usage } = generation;
    const { model, scheduler, statistics } = this.parts;
    if (scales !== null && scales.variant !== 'lora') {
      if (request.vectorsDigest) generation.vectorsDigest = digestOf(scales.numbers);
      if (request.vectorsSummary) generation.vectors = summariseScales(model.spec, scales);
    }
    generation.rows = Array.from({ length: request.n }, (_, index) => this.newSequence(generation, index, scales));
    scheduler.start(
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
    statistics.prompt(usage.promptTokens);
    for (const sequence of generation.rows) {
      this.byRow.set(sequence.id, sequence);
      this.join(sequence, place);
    }
    for (const sequence of [...generation.rows]) {
      if (generation.ended) return;
      this.takeToken(sequence, () => sampleRow(sequence, logits.slice()));
    }
  }

  /** A preempted row is back. */
  resume(row: ResumedRow, place: (slot: number) => void): void {
    this.parts.scheduler.resume(row);
    this.join(this.row(row.id), place);
  }

  /** One step: one more token of every row. */
  async decode(): Promise<void> {
    const { runner, scheduler, statistics } = this.parts;
    const { preempted } = scheduler.planDecode();
    for (const { id } of preempted) {
      statistics.preemption();
      this.leave(this.row(id));
    }
    this.settle();
    const count = this.slots.size;
    if (count === 0) {
      this.sendTexts();
      return;
    }
    const rows = Array.from({ length: count }, (_, slot) => this.slots.at(slot)!);
    const running = runner.decode(
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
    statistics.step(result.micros, count, rows.filter((row) => row.scales !== null).length);
    rows.forEach((sequence, slot) => {
      sequence.generation.usage.decodeDeviceMicros += shares[slot]!;
      if (sequence.finished) return;
      scheduler.advance(sequence.id);
      const drawn = result.sampled?.(slot) ?? null;
      this.takeToken(sequence, () => {
        if (drawn !== null) return sequence.sampler.greedy(drawn);
        return needsLogits(sequence)
          ? sampleRow(sequence, result.logits(slot))
          : sequence.sampler.greedy(result.greedy(slot));
      });
    });
  }

  /** Turns the tokens that were chosen last into text; a row that meets a stop string here ends, whatever it runs now. */
  sendTexts(): void {
    for (const { sequence, id, entry } of this.unsent.splice(0)) {
      if (sequence.finished || sequence.generation.ended) continue;
      try {
        this.emit(sequence, sequence.text.push(id, entry));
        if (sequence.text.stopped) this.finish(sequence, 'stop');
      } catch (error) {
        this.parts.fail(sequence.generation, error);
      }
    }
  }

  /** Ends a row with what of its text was held back, and its request with the last row. */
  finish(sequence: Sequence, reason: FinishReason): void {
    if (sequence.finished) return;
    sequence.finished = true;
    const { generation } = sequence;
    this.emit(sequence, sequence.text.end());
    generation.events.push({ type: 'finish', index: sequence.index, reason });
    this.remove(sequence);
    if (generation.rows.every((row) => row.finished)) this.parts.generations.done(generation, reason);
  }

  /** Takes a failed request's rows out, without a word. */
  drop(generation: Generation): void {
    for (const sequence of generation.rows) {
      if (sequence.finished) continue;
      sequence.finished = true;
      this.remove(sequence);
    }
  }

  private newSequence(generation: Generation, index: number, scales: RowAdaptation | null): Sequence {
    const { request, promptTokens: prompt } = generation;
    const { runner, grammars, model } = this.parts;
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
        runner.vocab,
      ),
      constraint: request.jsonSchema === null ? null : grammars.constraint(request.jsonSchema),
      text: new TextStream(model.tokenizer.streamDecoder(), request.stop),
      finished: false,
    };
  }

  private join(sequence: Sequence, place: (slot: number) => void): void {
    const slot = this.slots.join(sequence);
    place(slot);
    this.parts.runner.setScales(slot, sequence.scales);
  }

  private leave(sequence: Sequence): void {
    const slot = this.slots.leave(sequence);
    if (slot !== undefined) this.parts.runner.freeSlot(slot);
  }

  private remove(sequence: Sequence): void {
    this.parts.scheduler.finishRow(sequence.id);
    this.leave(sequence);
    this.byRow.delete(sequence.id);
  }

  /** Moves rows from the end into holes that others left. */
  private settle(): void {
    const { runner } = this.parts;
    this.slots.settle((sequence, from, to) => {
      runner.copyKv(from, to, sequence.tokens.length - 1);
      runner.setScales(to, sequence.scales);
      runner.freeSlot(from);
    });
  }

  /** Chooses a row's next token from its logits and does what follows from it. */
  private takeToken(sequence: Sequence, choose: () => SampledToken): void {
    const { generation, text } = sequence;
    const { tokenizer } = this.parts.model;
    if (sequence.finished || generation.ended) return;
    try {
      const { id, logprob, top } = choose();
      sequence.tokens.push(id);
      generation.usage.completionTokens += 1;
      this.parts.statistics.token();
      const entry = logprob === null ? null : describeLogprob(tokenizer, logprob, top);
      if (id === tokenizer.eosId) {
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
      this.parts.fail(generation, error);
    }
  }

  private emit(sequence: Sequence, chunk: ReturnType<TextStream['push']>): void {
    if (chunk === null) return;
    const { request, events } = sequence.generation;
    const logprobs = request.topLogprobs === null ? null : chunk.logprobs;
    events.push({ type: 'text', index: sequence.index, text: chunk.text, tokens: chunk.tokens, logprobs });
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
