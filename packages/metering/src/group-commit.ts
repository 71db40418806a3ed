import { ParapetError } from '@parapet/contracts/errors';

type Waiting<In, Out> = { input: In; resolve: (output: Out) => void; reject: (error: unknown) => void };

export type GroupCommitOptions = {
  /** Most items a transaction takes. */
  maxBatch: number;
  /** Transactions under way at once. */
  lanes: number;
  /** Most items that wait; past it the answer is `engine_overloaded` at once. */
  maxWaiting: number;
};

/**
 * Gathers calls that arrive together into one transaction: what comes while one is under way goes with the next.
 * `commit` gets the inputs and gives their outputs in the same order. When a batch fails, its items are tried
 * one by one, so that a bad one fails alone.
 */
export class GroupCommit<In, Out> {
  #waiting: Waiting<In, Out>[] = [];
  #running = 0;
  #scheduled = false;
  #patience: NodeJS.Timeout | undefined;
  #idle: (() => void)[] = [];

  constructor(
    readonly commit: (inputs: In[]) => Promise<Out[]>,
    readonly options: GroupCommitOptions,
  ) {}

  /** `waitMs`: how long it may be held back for others to join. What is urgent takes along all that waits. */
  add(input: In, waitMs = 0): Promise<Out> {
    if (this.#waiting.length >= this.options.maxWaiting) {
      const message = 'The ledger has more work than it can take. Try again in a second.';
      return Promise.reject(new ParapetError('engine_overloaded', message, { retryAfterMs: 1000 }));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ input, resolve, reject });
      if (waitMs === 0 || this.#waiting.length >= this.options.maxBatch) this.#schedule();
      else this.#patience ??= setTimeout(() => this.#schedule(), waitMs);
    });
  }

  /** Resolves when nothing waits or runs. */
  async drain(): Promise<void> {
    if (this.#running === 0 && this.#waiting.length === 0) return;
    this.#schedule();
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #schedule(): void {
    clearTimeout(this.#patience);
    this.#patience = undefined;
    if (this.#scheduled || this.#running >= this.options.lanes || this.#waiting.length === 0) return;
    this.#scheduled = true;
    // After the I/O of this turn of the loop, so that requests read from different sockets share a transaction.
    setImmediate(() => {
      this.#scheduled = false;
      const batch = this.#waiting.splice(0, this.options.maxBatch);
      if (batch.length === 0) return;
      this.#running++;
      void this.#run(batch).finally(() => {
        this.#running--;
        this.#schedule();
        if (this.#running === 0 && this.#waiting.length === 0) for (const wake of this.#idle.splice(0)) wake();
      });
      this.#schedule();
    });
  }

  async #run(batch: Waiting<In, Out>[]): Promise<void> {
    try {
      const outputs = await this.commit(batch.map((item) => item.input));
      for (const [i, item] of batch.entries()) item.resolve(outputs[i] as Out);
    } catch (error) {
      if (batch.length === 1) batch[0]?.reject(error);
      else for (const item of batch) await this.#run([item]);
    }
  }
}
