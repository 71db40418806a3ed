import { ParapetError } from '@parapet/contracts/errors';
import type { GenerateEvent, GenerateRequest, GenerateUsage } from '@parapet/contracts/serve-worker';
import { isErrorCode, WorkerUnavailable } from './engine-client.ts';
import type { EventSink } from './engine-stream.ts';
import type { Fleet, LiveWorker } from './fleet.ts';
import { Tally } from './tally.ts';

/** Workers tried for one request before it is refused. */
const maxAttempts = 3;
/** After a cancel, how long the worker may take to say what it used. */
const drainMs = 30_000;

/** How a generation ended, as the usage event keeps it. */
export type GenerationOutcome = 'stop' | 'length' | 'cancelled' | 'error';

export interface GenerationEnd {
  outcome: GenerationOutcome;
  usage: GenerateUsage;
  /** False when the engine never worked for it: nothing is owed. */
  began: boolean;
  vectorsDigest: string | null;
  worker: LiveWorker | null;
  /** Why it failed; null when it ended well or its client left. */
  error: unknown;
}

export interface GenerationInput {
  fleet: Fleet;
  baseDigest: string;
  request: GenerateRequest;
  /** Aborted when the client is gone. */
  client: AbortSignal;
  /** A throw counts as a client gone. */
  onEvent: EventSink;
}

/**
 * Runs one prompt on a worker to its end, whatever ends it, and never throws: the account it returns is what is
 * settled. A client that leaves cancels the generation, and the stream is still read to the worker's own account.
 */
export async function runGeneration(input: GenerationInput): Promise<GenerationEnd> {
  const tally = new Tally();
  const end: GenerationEnd = {
    outcome: 'error',
    usage: tally.usage,
    began: false,
    vectorsDigest: null,
    worker: null,
    error: null,
  };
  let finish: 'stop' | 'length' = 'stop';
  let release = () => {};
  const leave = new Departure(input);
  try {
    const onWorker = (worker: LiveWorker) => {
      end.worker = worker;
      release();
      release = input.fleet.occupy(worker);
    };
    await askWorkers(input, leave, onWorker, (event) => {
      tally.take(event);
      if (event.type === 'finish' && event.reason === 'length') finish = 'length';
      if (event.type === 'done') {
        end.vectorsDigest = event.vectorsDigest;
        end.outcome = leave.happened ? 'cancelled' : finish;
      }
      if (event.type === 'error' && !leave.happened) end.error = engineError(event.code, event.message);
      if (!leave.happened) return leave.guard(input.onEvent, event);
    });
  } catch (error) {
    end.error = leave.happened ? null : asEngineFailure(error, tally);
  } finally {
    release();
    leave.dispose();
  }
  if (leave.happened) end.outcome = 'cancelled';
  return { ...end, usage: tally.usage, began: tally.began };
}

/** Asks one worker after the other until one begins, and gives its events to `sink` to the end. */
async function askWorkers(
  input: GenerationInput,
  leave: Departure,
  onWorker: (worker: LiveWorker) => void,
  sink: EventSink,
): Promise<void> {
  const workers = input.fleet.candidates(input.baseDigest, input.request.adapter?.digest ?? null);
  let overloaded = false;
  for (const worker of workers.slice(0, maxAttempts)) {
    if (leave.happened) break;
    onWorker(worker);
    const client = input.fleet.client(worker);
    leave.cancelBy(() => client.cancel(input.request.requestId));
    try {
      return await client.generate(input.request, sink, leave.drained);
    } catch (error) {
      if (!(error instanceof WorkerUnavailable)) throw error;
      overloaded ||= error.overloaded;
      if (!error.overloaded) input.fleet.suspect(worker);
    }
  }
  throw overloaded
    ? new ParapetError('engine_overloaded', 'All engines are busy: try again shortly.', { retryAfterMs: 2_000 })
    : new ParapetError('engine_unavailable', 'No engine serves this model right now: try again shortly.', {
        retryAfterMs: 2_000,
      });
}

/** The client's leaving: cancels at the worker once, and bounds how long its account is waited for. */
class Departure {
  readonly #signal: AbortSignal;
  readonly #onAbort = () => this.#leave();
  readonly #abandon = new AbortController();
  #cancel: () => Promise<void> = async () => {};
  #timer: NodeJS.Timeout | undefined;
  happened = false;

  constructor({ client }: GenerationInput) {
    this.#signal = client;
    if (client.aborted) this.happened = true;
    else client.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Aborted when the worker has had its time to give its account. */
  get drained(): AbortSignal {
    return this.#abandon.signal;
  }

  cancelBy(cancel: () => Promise<void>): void {
    this.#cancel = cancel;
  }

  /** Writes to the client; a failure means that the client is gone. */
  guard(write: EventSink, event: GenerateEvent): Promise<void> | void {
    try {
      return write(event)?.catch(() => this.#leave());
    } catch {
      this.#leave();
    }
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#signal.removeEventListener('abort', this.#onAbort);
  }

  #leave(): void {
    if (this.happened) return;
    this.happened = true;
    this.#timer = setTimeout(() => this.#abandon.abort(), drainMs);
    void this.#cancel();
  }
}

const engineError = (code: string, message: string): Error =>
  isErrorCode(code) ? new ParapetError(code, message) : new Error(`the engine failed: ${code}: ${message}`);

/** A stream that broke is the engine's fault and says so; a refusal stays what it is. */
function asEngineFailure(error: unknown, tally: Tally): unknown {
  if (error instanceof ParapetError) return error;
  const message = tally.began
    ? 'The engine broke off in the middle of the answer: send the request again.'
    : 'The engine broke off before it began: send the request again.';
  return new ParapetError('engine_unavailable', message, { cause: error, retryAfterMs: 1_000 });
}
