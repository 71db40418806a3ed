import { type ErrorCode, errorTable, ParapetError } from '@parapet/contracts/errors';
import { type GenerateEvent, type GenerateRequest, generateEventSchema } from '@parapet/contracts/serve-worker';
import { type Dispatcher, Pool } from 'undici';
import { readLines } from './ndjson.ts';

/** Silence on a stream that counts as a dead engine: a worker that lives sends its heartbeat long before. */
const silenceMs = 120_000;

/** The worker could not take the request, or broke before it began: another one may be asked. */
export class WorkerUnavailable extends Error {
  override readonly name = 'WorkerUnavailable';
  constructor(
    message: string,
    /** It lives but has no room, or is draining. */
    readonly overloaded: boolean,
    cause: unknown,
  ) {
    super(message, { cause });
  }
}

/** Speaks the serve-worker contract to one worker over pooled connections. */
export class EngineClient {
  readonly #pool: Pool;
  readonly #headers: Record<string, string>;

  constructor(
    readonly url: string,
    workerToken: string,
  ) {
    const options: Pool.Options = { connections: 1024, connect: { timeout: 3_000 }, keepAliveTimeout: 30_000 };
    this.#pool = url.startsWith('unix:')
      ? new Pool('http://localhost', { ...options, socketPath: url.slice('unix:'.length) })
      : new Pool(url, options);
    this.#headers = { authorization: `Bearer ${workerToken}`, 'content-type': 'application/json' };
  }

  /**
   * Starts a generation and yields its events; the last one is `done` or `error`.
   * @throws WorkerUnavailable when it never began (refused, unreachable, overloaded or draining).
   * @throws ParapetError when the worker refused the request itself.
   */
  async *generate(request: GenerateRequest, signal?: AbortSignal): AsyncGenerator<GenerateEvent, void, undefined> {
    const body = await this.#post('/generate', request, silenceMs, signal);
    for await (const line of readLines(body)) {
      const event = generateEventSchema.parse(JSON.parse(line));
      yield event;
      if (event.type === 'done' || event.type === 'error') return;
    }
    throw new Error('the stream of the worker ended without its last event');
  }

  /** Asks for the end of a generation; its stream still ends with `done`. A worker that is gone needs no asking. */
  async cancel(requestId: string): Promise<void> {
    try {
      const answer = await this.#pool.request({
        method: 'POST',
        path: `/generate/${encodeURIComponent(requestId)}/cancel`,
        headers: this.#headers,
        headersTimeout: 5_000,
      });
      await answer.body.dump();
    } catch {
      // Its stream breaks as well, and that is what the settlement goes by.
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #post(
    path: string,
    body: unknown,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<Dispatcher.ResponseData['body']> {
    let answer: Dispatcher.ResponseData;
    try {
      answer = await this.#pool.request({
        method: 'POST',
        path,
        headers: this.#headers,
        body: JSON.stringify(body),
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
        signal,
      });
    } catch (cause) {
      throw new WorkerUnavailable(`the worker at ${this.url} did not answer`, false, cause);
    }
    if (answer.statusCode === 200) return answer.body;
    const text = await answer.body.text();
    if (answer.statusCode >= 500) {
      const overloaded = answer.statusCode === 503;
      throw new WorkerUnavailable(`the worker at ${this.url} answered ${answer.statusCode}`, overloaded, text);
    }
    throw refusal(text);
  }
}

/** A worker's 4xx as the error its body names; anything unreadable is our own fault, a 500. */
function refusal(text: string): Error {
  try {
    const { error } = JSON.parse(text) as { error: { code: string; message: string; param?: string | null } };
    if (isErrorCode(error.code)) {
      return new ParapetError(error.code, error.message, { param: error.param ?? undefined });
    }
  } catch {
    // Falls through to the general error.
  }
  return new Error(`the worker refused the request: ${text.slice(0, 500)}`);
}

export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(errorTable, code);
