import type { FinishReason, GenerateEvent } from '@parapet/contracts/serve-worker';
import type { AdapterCache } from './adapters/adapter-cache.ts';
import type { Scheduler } from './scheduler.ts';
import type { Generation } from './sequence.ts';

/** The requests that wait or run. Each comes in by `add` and leaves by `end`, once. */
export class Generations {
  private readonly byRequest = new Map<string, Generation>();
  private readonly byJob = new Map<string, Generation>();

  constructor(
    private readonly scheduler: Scheduler,
    private readonly adapters: AdapterCache,
  ) {}

  get size(): number {
    return this.byRequest.size;
  }

  /** A copy: requests may end while it is walked through. */
  all(): Generation[] {
    return [...this.byRequest.values()];
  }

  get(requestId: string): Generation | undefined {
    return this.byRequest.get(requestId);
  }

  /** The generation of a job that the scheduler named. */
  ofJob(jobId: string): Generation {
    return this.byJob.get(jobId)!;
  }

  /** Queues a request. @throws engine_overloaded, context_length_exceeded; then nothing was taken. */
  add(generation: Generation): void {
    this.scheduler.enqueue(generation.job);
    this.byRequest.set(generation.request.requestId, generation);
    this.byJob.set(generation.job.id, generation);
  }

  /** Ends a request whose rows all said why they ended (`reason` for those that never began). */
  done(generation: Generation, reason: FinishReason): void {
    if (generation.ended) return;
    const { request, rows, usage, vectorsDigest, vectors, events } = generation;
    for (let index = rows.length; index < request.n; index++) events.push({ type: 'finish', index, reason });
    this.end(generation, { type: 'done', usage, vectorsDigest, vectors });
  }

  /** Gives back what a request held and sends its last event. */
  end(generation: Generation, last: GenerateEvent): void {
    if (generation.ended) return;
    generation.ended = true;
    this.scheduler.finishJob(generation.job);
    this.byRequest.delete(generation.request.requestId);
    this.byJob.delete(generation.job.id);
    if (generation.adapter !== null) this.adapters.release(generation.adapter.digest);
    generation.events.push(last);
    generation.events.close();
  }
}
