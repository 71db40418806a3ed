import { type GenerateEvent, generateEventSchema } from '@parapet/contracts/serve-worker';
import type { Dispatcher } from 'undici';
import { LineSplitter } from './ndjson.ts';

/** Takes each event in order. While a promise it returns is open, no more is read: that is the back-pressure. */
export type EventSink = (event: GenerateEvent) => Promise<void> | void;

/** A refusal's body is read this far. */
const maxRefusalBytes = 64 * 1024;

/** The worker answered, but did not begin. */
export class EngineRefusal extends Error {
  override readonly name = 'EngineRefusal';
  constructor(
    readonly status: number,
    readonly body: string,
  ) {
    super(`the worker answered ${status}`);
  }
}

/**
 * Feeds one answer of a worker to a sink, event by event, within the socket's own callbacks: a token passes without
 * a promise or a stream object of its own. `ended` resolves once the sink has taken the last event.
 */
export class EngineStream implements Dispatcher.DispatchHandler {
  readonly ended: Promise<void>;
  /** The worker answered with a stream. */
  isOpen = false;
  readonly #sink: EventSink;
  readonly #signal: AbortSignal | undefined;
  readonly #lines = new LineSplitter();
  readonly #waiting: string[] = [];
  readonly #onAbort = () => this.#controller?.abort(new Error('the worker was given up'));
  #controller: Dispatcher.DispatchController | null = null;
  #resolve!: () => void;
  #reject!: (error: unknown) => void;
  #refusal: { status: number; chunks: Buffer[]; bytes: number } | null = null;
  #isPaused = false;
  #isOver = false;

  constructor(sink: EventSink, signal?: AbortSignal) {
    this.#sink = sink;
    this.#signal = signal;
    this.ended = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#signal?.aborted) this.#onAbort();
    else this.#signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    if (status === 200) this.isOpen = true;
    else this.#refusal = { status, chunks: [], bytes: 0 };
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#refusal) {
      this.#refusal.bytes += chunk.length;
      if (this.#refusal.bytes <= maxRefusalBytes) this.#refusal.chunks.push(chunk);
      return;
    }
    try {
      for (const line of this.#lines.push(chunk)) this.#waiting.push(line);
      this.#pass();
    } catch (error) {
      this.#fail(error);
      controller.abort(error as Error);
    }
  }

  onResponseEnd(): void {
    if (this.#refusal) {
      const { status, chunks } = this.#refusal;
      this.#fail(new EngineRefusal(status, Buffer.concat(chunks).toString('utf8')));
    } else if (!this.#isOver && !this.#isPaused) {
      this.#fail(new Error('the stream of the worker ended without its last event'));
    }
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (!this.#isOver) this.#fail(error);
  }

  /** Hands on what waits, until the sink asks for a pause. */
  #pass(): void {
    while (!this.#isPaused && !this.#isOver) {
      const line = this.#waiting.shift();
      if (line === undefined) return;
      const event = readEvent(line);
      this.#isOver = event.type === 'done' || event.type === 'error';
      const taken = this.#sink(event);
      if (taken) this.#pauseUntil(taken);
      else if (this.#isOver) this.#finish();
    }
  }

  #pauseUntil(taken: Promise<void>): void {
    this.#isPaused = true;
    this.#controller?.pause();
    taken
      .then(() => {
        this.#isPaused = false;
        if (this.#isOver) this.#finish();
        else this.#pass();
        if (!this.#isPaused) this.#controller?.resume();
      })
      .catch((error: unknown) => {
        this.#fail(error);
        this.#controller?.abort(error as Error);
      });
  }

  #finish(): void {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#resolve();
  }

  #fail(error: unknown): void {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#reject(error);
  }
}

/** Tokens are by far the most events, and have one simple form: they are told without the schema's machinery. */
function readEvent(line: string): GenerateEvent {
  const event = JSON.parse(line) as GenerateEvent;
  if (
    event.type === 'text' &&
    event.logprobs === null &&
    typeof event.text === 'string' &&
    Number.isInteger(event.index) &&
    Number.isInteger(event.tokens)
  ) {
    return event;
  }
  return generateEventSchema.parse(event);
}
