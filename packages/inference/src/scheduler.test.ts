import { Random } from '@parapet/models/random';
import { expect, test } from 'vitest';
import { inputTokenCost, outputTokenCost } from './fairness.ts';
import { blocksFor } from './kv/block-pool.ts';
import { type Admission, type Job, Scheduler } from './scheduler.ts';

const limits = { maxRows: 8, maxQueue: 40, kvBlocks: 60 };

function job(id: number, tenant: number, promptTokens: number, limitTokens: number, rows = 1): Job {
  return { id: `j${id}`, tenantId: `t${tenant}`, priority: 0, rows, promptTokens, limitTokens, deadlineAt: null };
}

/** Drives a scheduler as the engine does, with random arrivals, lengths and cancellations. */
class Driver {
  readonly scheduler = new Scheduler(limits);
  readonly waitingSince = new Map<string, number>();
  private readonly live = new Map<string, { job: Job; rowIds: string[]; left: Map<string, number> }>();
  private prefilling: Admission | null = null;
  private next = 0;
  turn = 0;
  longestWait = 0;

  constructor(readonly random: Random) {}

  below(n: number): number {
    return Math.floor(this.random.uniform() * n);
  }

  arrive(): void {
    const rows = this.below(10) === 0 ? 1 + this.below(4) : 1;
    const prompt = 1 + this.below(100);
    const one = job(this.next++, this.below(4), prompt, prompt + 1 + this.below(120), rows);
    try {
      this.scheduler.enqueue(one);
      this.live.set(one.id, { job: one, rowIds: [], left: new Map() });
      this.waitingSince.set(one.id, this.turn);
    } catch (error) {
      expect((error as { code: string }).code).toMatch(/engine_overloaded|context_length_exceeded/);
    }
  }

  cancel(): void {
    const ids = [...this.live.keys()];
    const id = ids[this.below(ids.length)];
    if (id !== undefined) this.end(id);
  }

  private end(id: string): void {
    const { job: one, rowIds } = this.live.get(id)!;
    const busyWith = this.prefilling?.kind === 'job' ? this.prefilling.job : this.prefilling?.row.job;
    if (busyWith === one) {
      this.scheduler.abandon(this.prefilling!);
      this.prefilling = null;
    }
    for (const rowId of rowIds) this.scheduler.finishRow(rowId);
    this.scheduler.finishJob(one);
    this.live.delete(id);
    this.waitingSince.delete(id);
  }

  step(): void {
    this.turn++;
    if (this.prefilling === null) this.prefilling = this.scheduler.admit();
    else if (this.below(2) === 0) {
      const current = this.prefilling;
      this.prefilling = null;
      if (current.kind === 'resume') this.scheduler.resume(current.row);
      else {
        const state = this.live.get(current.job.id)!;
        state.rowIds = Array.from({ length: current.job.rows }, (_, i) => `${current.job.id}#${i}`);
        for (const rowId of state.rowIds) state.left.set(rowId, current.job.limitTokens - current.job.promptTokens);
        this.scheduler.start(current.job, state.rowIds);
        this.longestWait = Math.max(this.longestWait, this.turn - this.waitingSince.get(current.job.id)!);
      }
    }
    for (const row of this.scheduler.planDecode().decode) {
      this.scheduler.advance(row.id);
      const state = this.live.get(row.job.id)!;
      const left = state.left.get(row.id)! - 1;
      state.left.set(row.id, left);
      if (left <= 1) {
        this.scheduler.finishRow(row.id);
        state.left.delete(row.id);
        if (state.left.size === 0) this.end(row.job.id);
      }
    }
  }

  check(): void {
    const { pool, rows } = this.scheduler;
    let held = 0;
    for (const owner of pool.owners()) held += pool.of(owner);
    expect(held).toBe(pool.inUse);
    expect(pool.inUse).toBeLessThanOrEqual(limits.kvBlocks);
    expect(rows.size).toBeLessThanOrEqual(limits.maxRows);
    for (const row of rows.values()) expect(pool.of(row.id)).toBeGreaterThanOrEqual(blocksFor(row.tokens));
  }

  drain(): void {
    for (let i = 0; i < 100_000 && this.live.size > 0; i++) this.step();
    expect(this.live.size).toBe(0);
    expect(this.scheduler.pool.inUse).toBe(0);
    expect(this.scheduler.waiting).toBe(0);
  }
}

test('100,000 random operations leak no block, break no bound and starve nobody', () => {
  const driver = new Driver(new Random(11));
  for (let i = 0; i < 100_000; i++) {
    const choice = driver.below(20);
    if (choice === 0) driver.arrive();
    else if (choice === 1 && driver.below(10) === 0) driver.cancel();
    else driver.step();
    if (i % 50 === 0) driver.check();
  }
  driver.drain();
  expect(driver.longestWait).toBeLessThan(20_000);
});

test('two tenants with work get the same service, whatever they ask for', () => {
  const scheduler = new Scheduler({ maxRows: 4, maxQueue: 1000, kvBlocks: 200 });
  const service = new Map([
    ['t0', 0],
    ['t1', 0],
  ]);
  let id = 0;
  const queued = [0, 0];
  // t0 floods with short requests, t1 asks for long ones; both always have more waiting.
  const refill = () => {
    while (queued[0]! < 20) queued[0]! += enqueue(job(id++, 0, 10, 20));
    while (queued[1]! < 3) queued[1]! += enqueue(job(id++, 1, 60, 160));
  };
  const enqueue = (one: Job): number => {
    scheduler.enqueue(one);
    return 1;
  };
  // Theorem 4.4 of the paper: 2·max(cost of the longest prompt, cost of all tokens that a batch can hold).
  const bound = 2 * Math.max(60 * inputTokenCost, 4 * 160 * outputTokenCost);
  for (let turn = 0; turn < 20_000; turn++) {
    refill();
    const admission = scheduler.admit();
    if (admission?.kind === 'job') {
      scheduler.start(admission.job, [admission.job.id]);
      queued[Number(admission.job.tenantId.slice(1))]! -= 1;
      service.set(
        admission.job.tenantId,
        service.get(admission.job.tenantId)! + admission.job.promptTokens * inputTokenCost,
      );
    }
    for (const row of scheduler.planDecode().decode) {
      scheduler.advance(row.id);
      service.set(row.job.tenantId, service.get(row.job.tenantId)! + outputTokenCost);
      if (row.tokens < row.job.limitTokens) continue;
      scheduler.finishRow(row.id);
      scheduler.finishJob(row.job);
    }
    const gap = Math.abs(service.get('t0')! - service.get('t1')!);
    expect(gap).toBeLessThanOrEqual(bound);
  }
});

test('a tenant that was idle does not save up credit', () => {
  const scheduler = new Scheduler(limits);
  scheduler.enqueue(job(1, 0, 50, 60));
  scheduler.admit();
  expect(scheduler.counters.of('t0')).toBe(50);
  scheduler.enqueue(job(2, 1, 10, 20));
  expect(scheduler.counters.of('t1')).toBe(50);
});

test('within a tenant higher priority goes first; past the queue it is refused at once', () => {
  const scheduler = new Scheduler({ ...limits, maxQueue: 2 });
  scheduler.enqueue(job(1, 0, 5, 10));
  scheduler.enqueue({ ...job(2, 0, 5, 10), priority: 3 });
  expect(() => scheduler.enqueue(job(3, 0, 5, 10))).toThrowError(
    expect.objectContaining({ code: 'engine_overloaded' }),
  );
  expect(scheduler.admit()).toMatchObject({ job: { id: 'j2' } });
});
