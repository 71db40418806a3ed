import { Worker } from 'node:worker_threads';
import type { TrainingRow } from '@parapet/contracts/training-row';
import type { RenderedRow, RowTokenizer, RowTokens } from '@parapet/control/row-tokenizer';
import type { TokenizerAnswer, TokenizerCall } from './tokenizer-thread.ts';

/** Rows one call to the thread takes: a large data set must not hold up a preview. */
const rowsPerCall = 64;

// A thread doesn't inherit tsx's loader: it registers its own before the first TypeScript file.
const bootstrap = `
  import(${JSON.stringify(import.meta.resolve('tsx/esm/api'))})
    .then(({ register }) => (register(), import(${JSON.stringify(new URL('./tokenizer-thread.ts', import.meta.url).href)})))
    .catch((error) => setImmediate(() => { throw error; }));`;

type Waiting = { resolve: (result: never) => void; reject: (error: Error) => void };

/**
 * The base model's tokenizer in a thread of its own, so that a data set of half a gigabyte never holds the event loop.
 * The thread starts with the first call and again after it died.
 */
export class ThreadedTokenizer implements RowTokenizer {
  private worker: Worker | null = null;
  private readonly waiting = new Map<number, Waiting>();
  private nextId = 0;

  /** @param modelDir folder of the base model's files */
  constructor(private readonly modelDir: string) {}

  count(rows: readonly TrainingRow[]): Promise<RowTokens[]> {
    return this.inPieces('count', rows);
  }

  render(rows: readonly TrainingRow[]): Promise<RenderedRow[]> {
    return this.inPieces('render', rows);
  }

  async close(): Promise<void> {
    await this.worker?.terminate();
  }

  private async inPieces<T>(verb: TokenizerCall['verb'], rows: readonly TrainingRow[]): Promise<T[]> {
    const results: T[] = [];
    for (let at = 0; at < rows.length; at += rowsPerCall) {
      results.push(...(await this.call<T[]>(verb, rows.slice(at, at + rowsPerCall))));
    }
    return results;
  }

  private call<T>(verb: TokenizerCall['verb'], rows: readonly TrainingRow[]): Promise<T> {
    const id = this.nextId++;
    return new Promise<T>((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      const call: TokenizerCall = { id, verb, rows };
      this.thread().postMessage(call);
    });
  }

  private thread(): Worker {
    if (this.worker) return this.worker;
    const worker = new Worker(bootstrap, { eval: true, workerData: { modelDir: this.modelDir } });
    worker.unref();
    worker.on('message', ({ id, result, error }: TokenizerAnswer) => {
      const waiting = this.waiting.get(id);
      this.waiting.delete(id);
      if (error === undefined) waiting?.resolve(result as never);
      else waiting?.reject(new Error(error));
    });
    const gone = (error: Error) => {
      if (this.worker !== worker) return;
      this.worker = null;
      for (const { reject } of this.waiting.values()) reject(error);
      this.waiting.clear();
    };
    worker.on('error', gone);
    worker.on('exit', (code) => gone(new Error(`The tokenizer's thread ended with code ${code}.`)));
    this.worker = worker;
    return worker;
  }
}
