import { ParapetError } from '@parapet/contracts/errors';
import { inputTokenCost, outputTokenCost, TokenCounters } from './fairness.ts';
import { BlockPool, blocksFor } from './kv/block-pool.ts';

/** What the scheduler knows of a request: numbers, no tensors. */
export interface Job {
  id: string;
  tenantId: string;
  /** Larger first within a tenant. */
  priority: number;
  /** Completions of the prompt: each is a row of the batch. */
  rows: number;
  promptTokens: number;
  /** Longest a row may become, prompt included. */
  limitTokens: number;
  /** Absolute milliseconds; null = none. */
  deadlineAt: number | null;
}

/** A row of the decode batch. */
export interface Row {
  id: string;
  job: Job;
  /** Tokens whose keys and values the row has. */
  tokens: number;
  /** Order of admission: later ones are preempted first. */
  admitted: number;
}

/** A row that was preempted: its prompt and answer are computed again, its vectors are kept. */
export interface ResumedRow {
  id: string;
  job: Job;
  tokens: number;
}

export interface SchedulerLimits {
  maxRows: number;
  maxQueue: number;
  kvBlocks: number;
}

/** What to prefill next: a new request's prompt, or a preempted row's tokens. */
export type Admission = { kind: 'job'; job: Job } | { kind: 'resume'; row: ResumedRow };

/**
 * Decides who is served: admission by fairness among tenants, then priority, then arrival; memory by blocks; preemption
 * of the row admitted last. Pure: no clock, no tensors; the engine tells it what happened.
 */
export class Scheduler {
  readonly pool: BlockPool;
  readonly counters = new TokenCounters();
  private readonly queue: Job[] = [];
  private readonly preempted: ResumedRow[] = [];
  private readonly running = new Map<string, Row>();
  /** Rows reserved by prompts that are being prefilled. */
  private reservedRows = 0;
  private admissions = 0;

  constructor(
    readonly limits: SchedulerLimits,
    /** Frees blocks that only cache something; true if any was freed. Asked before anyone is preempted. */
    private readonly reclaim: (blocks: number) => boolean = () => false,
  ) {
    this.pool = new BlockPool(limits.kvBlocks);
  }

  get waiting(): number {
    return this.queue.length + this.preempted.length;
  }

  get rows(): ReadonlyMap<string, Row> {
    return this.running;
  }

  /** Most tokens one row may have, by memory. */
  get rowCapacityTokens(): number {
    return this.limits.kvBlocks * 16;
  }

  /** Takes a request. @throws engine_overloaded at once when the queue is full, invalid_request when it never fits. */
  enqueue(job: Job): void {
    if (job.rows > this.limits.maxRows) {
      throw new ParapetError(
        'invalid_request',
        `n is ${job.rows}; this engine runs ${this.limits.maxRows} rows at most.`,
        {
          param: 'n',
        },
      );
    }
    if (blocksFor(job.limitTokens) * job.rows > this.limits.kvBlocks) {
      throw new ParapetError(
        'context_length_exceeded',
        `The prompt and its completions may take ${job.limitTokens * job.rows} tokens of KV cache; this engine has ` +
          `${this.limits.kvBlocks * 16}. Shorten the prompt, or lower max_tokens or n.`,
        { param: 'max_tokens' },
      );
    }
    if (this.queue.length >= this.limits.maxQueue) {
      throw new ParapetError('engine_overloaded', `${this.queue.length} requests wait already. Try again shortly.`, {
        retryAfterMs: 1000,
      });
    }
    this.counters.enter(job.tenantId);
    this.queue.push(job);
  }

  /** The next prompt to prefill, with its rows and blocks reserved; null when nothing waits or nothing fits. */
  admit(): Admission | null {
    const freeRows = this.limits.maxRows - this.running.size - this.reservedRows;
    const resumed = this.preempted[0];
    if (resumed !== undefined) {
      if (freeRows < 1 || !this.take(resumed.id, resumed.tokens + 1)) return null;
      this.preempted.shift();
      this.reservedRows += 1;
      return { kind: 'resume', row: resumed };
    }
    const job = this.nextJob();
    if (job === null || job.rows > freeRows) return null;
    if (!this.take(job.id, job.promptTokens + 1, job.rows)) return null;
    this.queue.splice(this.queue.indexOf(job), 1);
    this.reservedRows += job.rows;
    this.counters.charge(job.tenantId, job.promptTokens * inputTokenCost);
    return { kind: 'job', job };
  }

  /** A prompt is prefilled: its rows join the batch, and its blocks become theirs. */
  start(job: Job, rowIds: readonly string[]): void {
    this.pool.release(job.id);
    this.reservedRows -= job.rows;
    for (const id of rowIds) this.join(id, job, job.promptTokens);
  }

  /** A preempted row is back. */
  resume(row: ResumedRow): void {
    this.pool.release(row.id);
    this.reservedRows -= 1;
    this.join(row.id, row.job, row.tokens);
  }

  /** A prompt that was admitted won't start (cancelled, failed): its reservation goes. */
  abandon(admission: Admission): void {
    this.pool.release(admission.kind === 'job' ? admission.job.id : admission.row.id);
    this.reservedRows -= admission.kind === 'job' ? admission.job.rows : 1;
  }

  /**
   * Rows of the next step, each with room for one more token. Rows that memory no longer allows are preempted: they
   * wait, ahead of all others, to be computed again.
   */
  planDecode(): { decode: Row[]; preempted: ResumedRow[] } {
    const preempted: ResumedRow[] = [];
    const order = [...this.running.values()].sort((a, b) => a.admitted - b.admitted);
    for (const row of order) {
      if (!this.running.has(row.id)) continue;
      while (!this.grow(row.id, row.tokens + 1)) {
        const victim = order.findLast((one) => this.running.has(one.id))!;
        preempted.push(this.preempt(victim));
        if (victim === row) break;
      }
    }
    return { decode: order.filter((row) => this.running.has(row.id)), preempted };
  }

  /** A row wrote a token. */
  advance(rowId: string): void {
    const row = this.running.get(rowId)!;
    row.tokens += 1;
    this.counters.charge(row.job.tenantId, outputTokenCost);
  }

  /** A row is finished: its blocks are free. */
  finishRow(rowId: string): void {
    this.running.delete(rowId);
    this.pool.release(rowId);
    const at = this.preempted.findIndex((row) => row.id === rowId);
    if (at >= 0) this.preempted.splice(at, 1);
  }

  /** A request is done with, wherever it was: the last call for it. */
  finishJob(job: Job): void {
    const at = this.queue.indexOf(job);
    if (at >= 0) this.queue.splice(at, 1);
    this.counters.leave(job.tenantId);
  }

  private nextJob(): Job | null {
    let best: Job | null = null;
    for (const job of this.queue) {
      if (best === null || this.goesBefore(job, best)) best = job;
    }
    return best;
  }

  /** Fairness among tenants; within one, priority; then arrival (the queue's order). */
  private goesBefore(a: Job, b: Job): boolean {
    if (a.tenantId === b.tenantId) return a.priority > b.priority;
    return this.counters.of(a.tenantId) < this.counters.of(b.tenantId);
  }

  private join(id: string, job: Job, tokens: number): void {
    this.running.set(id, { id, job, tokens, admitted: this.admissions++ });
    if (!this.grow(id, tokens + 1)) throw new Error(`Row ${id} was admitted without room.`);
  }

  private preempt(row: Row): ResumedRow {
    this.running.delete(row.id);
    this.pool.release(row.id);
    const resumed = { id: row.id, job: row.job, tokens: row.tokens };
    this.preempted.push(resumed);
    return resumed;
  }

  private grow(owner: string, tokens: number): boolean {
    return this.take(owner, tokens);
  }

  private take(owner: string, tokens: number, copies = 1): boolean {
    const blocks = blocksFor(tokens) * copies;
    if (this.pool.resize(owner, blocks)) return true;
    return this.reclaim(blocks - this.pool.of(owner) - this.pool.free) && this.pool.resize(owner, blocks);
  }
}
