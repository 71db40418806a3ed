import { toOpenAiError } from '@parapet/contracts/errors';
import type { GenerateEvent } from '@parapet/contracts/serve-worker';
import type { FastifyReply } from 'fastify';
import { processingMs } from '../http/app.ts';
import { EventStream } from '../http/sse.ts';
import type { PromptOutcome, Translation } from './translation.ts';

/** A request that waits for the engine longer gets its headers, so that no proxy gives it up. */
const openAfterMs = 10_000;

/** Where the events of a request's prompts go. */
export interface Answer {
  /** It is sent only when it is in the books; a stream's bytes are on their way by then. */
  readonly isSettledFirst: boolean;
  take(promptIndex: number, event: GenerateEvent): Promise<void> | void;
  /** All went well and is settled. Gives the body where it was not sent in pieces. */
  finish(outcomes: readonly PromptOutcome[]): Promise<object | undefined>;
  /** It failed. False = nothing was sent yet, so the error can still be an answer of its own. */
  fail(error: unknown): boolean;
}

/** The answer in one piece. */
export class WholeAnswer implements Answer {
  readonly isSettledFirst = true;
  readonly #translation: Translation;
  readonly #reply: FastifyReply;

  constructor(reply: FastifyReply, translation: Translation) {
    this.#reply = reply;
    this.#translation = translation;
  }

  take(promptIndex: number, event: GenerateEvent): void {
    if (event.type === 'started') this.#reply.header('x-parapet-queue-ms', queueMs(event.queueMicros));
    this.#translation.collect(promptIndex, event);
  }

  async finish(outcomes: readonly PromptOutcome[]): Promise<object> {
    return this.#translation.body(outcomes);
  }

  fail(): boolean {
    return false;
  }
}

/** The answer as server-sent events. Its headers wait for the first event, so that a refusal keeps its status. */
export class StreamedAnswer implements Answer {
  readonly isSettledFirst = false;
  readonly #translation: Translation;
  readonly #reply: FastifyReply;
  readonly #stream: EventStream;
  readonly #includeUsage: boolean;
  readonly #opener: NodeJS.Timeout;

  constructor(reply: FastifyReply, translation: Translation, includeUsage: boolean) {
    this.#reply = reply;
    this.#translation = translation;
    this.#includeUsage = includeUsage;
    this.#stream = new EventStream(reply.raw);
    this.#opener = setTimeout(() => this.#open(), openAfterMs);
    reply.raw.once('close', () => {
      clearTimeout(this.#opener);
      this.#stream.abandon();
    });
  }

  take(promptIndex: number, event: GenerateEvent): Promise<void> | void {
    if (event.type === 'started') this.#reply.header('x-parapet-queue-ms', queueMs(event.queueMicros));
    const chunks = this.#translation.chunks(promptIndex, event);
    if (chunks.length === 0) return;
    this.#open();
    return chunks.map((chunk) => this.#stream.send(chunk)).at(-1);
  }

  async finish(outcomes: readonly PromptOutcome[]): Promise<undefined> {
    this.#open();
    if (this.#includeUsage) await this.#stream.send(this.#translation.usageChunk(outcomes));
    this.#stream.done();
  }

  fail(error: unknown): boolean {
    clearTimeout(this.#opener);
    if (!this.#stream.isOpen) return this.#reply.raw.destroyed;
    this.#stream.fail(toOpenAiError(error).body);
    return true;
  }

  #open(): void {
    clearTimeout(this.#opener);
    if (this.#stream.isOpen || this.#reply.raw.destroyed) return;
    this.#reply.header('openai-processing-ms', processingMs(this.#reply.request.startedAt));
    const headers = Object.fromEntries(
      Object.entries(this.#reply.getHeaders()).map(([name, value]) => [name, String(value)]),
    );
    this.#reply.hijack();
    this.#stream.open(headers);
  }
}

const queueMs = (micros: number): string => (micros / 1000).toFixed(0);
