import { Worker } from 'node:worker_threads';
import { ParapetError } from '@parapet/contracts/errors';

type Result<Row> = { rows: Row[]; affectedRows?: number };
type Pending = { resolve: (result: unknown) => void; reject: (error: unknown) => void };
type Answer = { id: number; result?: unknown; error?: { message: string } } | { listener: number; payload: string };

/** What drizzle gives with a statement: `parsers` only where it wants dates as text. */
type QueryOptions = { rowMode?: 'array' | 'object'; parsers?: unknown };

export type PgliteQueries = {
  query<Row>(sql: string, parameters?: unknown[], options?: QueryOptions): Promise<Result<Row>>;
};

/**
 * PGlite on a thread (pglite-thread.mjs), with the part of its interface that drizzle's driver calls. Statements go
 * out in order without waiting for each other; a transaction takes its place among them, and what comes after it
 * waits for its end. (Waiters of one promise go on in the order they came: that is what keeps the order.)
 */
export class PgliteClient implements PgliteQueries {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Map<number, (payload: string) => void>();
  #next = 0;
  /** Settles when the transaction under way ends; the next ones queue on it. */
  #turn: Promise<void> = Promise.resolve();
  #busy = 0;
  #gone: ParapetError | null = null;

  constructor(directory: string | null) {
    this.#worker = new Worker(new URL('./pglite-thread.mjs', import.meta.url), {
      workerData: { directory },
      execArgv: [],
    });
    this.#worker.on('message', (answer: Answer) => this.#receive(answer));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(null));
    // An open database that nobody waits for must not keep a process alive.
    this.#worker.unref();
  }

  async query<Row>(sql: string, parameters: unknown[] = [], options: QueryOptions = {}): Promise<Result<Row>> {
    if (this.#busy > 0) await this.#turn;
    return this.#query<Row>(sql, parameters, options);
  }

  async exec(sql: string): Promise<void> {
    if (this.#busy > 0) await this.#turn;
    await this.#send({ kind: 'exec', sql });
  }

  async transaction<T>(work: (tx: PgliteQueries) => Promise<T>): Promise<T> {
    this.#busy++;
    const before = this.#turn;
    let end = () => {};
    this.#turn = new Promise((resolve) => {
      end = resolve;
    });
    try {
      await before;
      await this.#query('begin', [], {});
      try {
        const result = await work({
          query: (sql, parameters = [], options = {}) => this.#query(sql, parameters, options),
        });
        await this.#query('commit', [], {});
        return result;
      } catch (error) {
        await this.#query('rollback', [], {}).catch(() => {});
        throw error;
      }
    } finally {
      this.#busy--;
      end();
    }
  }

  async listen(channel: string, onPayload: (payload: string) => void): Promise<() => Promise<void>> {
    if (this.#busy > 0) await this.#turn;
    const listener = this.#next++;
    this.#listeners.set(listener, onPayload);
    await this.#send({ kind: 'listen', channel, listener });
    return async () => {
      this.#listeners.delete(listener);
      if (this.#busy > 0) await this.#turn;
      if (this.#gone === null) await this.#send({ kind: 'unlisten', listener });
    };
  }

  async close(): Promise<void> {
    if (this.#gone !== null) return;
    if (this.#busy > 0) await this.#turn;
    await this.#send({ kind: 'close' });
    this.#gone = new ParapetError('internal', 'The database was closed.');
    await this.#worker.terminate();
  }

  #query<Row>(sql: string, parameters: unknown[], { rowMode, parsers }: QueryOptions): Promise<Result<Row>> {
    return this.#send({ kind: 'query', sql, parameters, rowMode, text: parsers !== undefined }) as Promise<Result<Row>>;
  }

  #send(message: Record<string, unknown>): Promise<unknown> {
    if (this.#gone !== null) return Promise.reject(this.#gone);
    return new Promise((resolve, reject) => {
      const id = this.#next++;
      this.#worker.postMessage({ id, ...message });
      if (this.#pending.size === 0) this.#worker.ref();
      this.#pending.set(id, { resolve, reject });
    });
  }

  #receive(answer: Answer): void {
    if ('listener' in answer) {
      this.#listeners.get(answer.listener)?.(answer.payload);
      return;
    }
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if (this.#pending.size === 0) this.#worker.unref();
    if (answer.error === undefined) pending?.resolve(answer.result);
    else pending?.reject(Object.assign(new Error(answer.error.message), answer.error));
  }

  #fail(cause: unknown): void {
    this.#gone ??= new ParapetError('internal', 'The embedded database stopped. Restart the platform.', { cause });
    for (const { reject } of this.#pending.values()) reject(this.#gone);
    this.#pending.clear();
  }
}
