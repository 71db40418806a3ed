import { type ErrorCode, errorTable, ParapetError } from '@parapet/contracts/errors';
import type { GenerateRequest } from '@parapet/contracts/serve-worker';
import { Pool } from 'undici';
import { EngineRefusal, EngineStream, type EventSink } from './engine-stream.ts';

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
   * Runs a generation: gives its events to `sink`, of which the last is `done` or `error`, and resolves after it.
   * @throws WorkerUnavailable when it never began (refused, unreachable, overloaded or draining).
   * @throws ParapetError when the worker refused the request itself.
   */
  async generate(request: GenerateRequest, sink: EventSink, signal?: AbortSignal): Promise<void> {
    const stream = new EngineStream(sink, signal);
    this.#pool.dispatch(
      {
        method: 'POST',
        path: '/generate',
        headers: this.#headers,
        body: JSON.stringify(request),
        headersTimeout: silenceMs,
        bodyTimeout: silenceMs,
      },
      stream,
    );
    try {
      await stream.ended;
    } catch (error) {
      if (error instanceof EngineRefusal) throw this.#refused(error);
      if (stream.isOpen) throw error;
      throw new WorkerUnavailable(`the worker at ${this.url} did not answer`, false, error);
    }
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

  #refused({ status, body }: EngineRefusal): Error {
    if (status < 500) return refusal(body);
    return new WorkerUnavailable(`the worker at ${this.url} answered ${status}`, status === 503, body);
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
