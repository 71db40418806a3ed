import { setTimeout as sleep } from 'node:timers/promises';
import { type JobLiveItem, jobLiveInputSchema } from '@parapet/contracts/portal/jobs';
import { jobEvents, jobMetrics, jobSamples } from '@parapet/db/schema';
import type { TenantTx } from '@parapet/db/tenant';
import { and, asc, eq, gt } from 'drizzle-orm';
import { z } from 'zod';
import { requireJob } from '../../jobs/job-view.ts';
import { formatCursor, type LiveCursor, parseCursor } from '../../jobs/live-cursor.ts';
import { defineVerb } from '../../verb.ts';
import { eventView } from './list-events.ts';

/** Between two looks at the database: a follower costs a few small queries a second, on any gateway. */
const pollMs = 700;
const pageSize = 500;

export interface LiveItem {
  /** Resumes right after this item. */
  id: string;
  item: JobLiveItem;
}

/**
 * Follows a job: what happened since the cursor, then what happens, until the job ends or the caller goes. All state
 * is in the cursor, so that another gateway can go on after this one died.
 */
export const liveJob = defineVerb(
  'jobs.live',
  jobLiveInputSchema.extend({ signal: z.custom<AbortSignal>().optional() }),
  async ({ read, tenancy }, { jobId, lastEventId, signal }): Promise<AsyncGenerator<LiveItem>> => {
    const cursor = parseCursor(lastEventId);
    const look = (told: string) => read((tx) => news(tx, tenancy.id, jobId, cursor, told));
    // Refused before the stream begins.
    let found = await look('');
    return (async function* () {
      let told = '';
      for (;;) {
        yield* found.items;
        told = found.told;
        if (found.ended && !found.more) return;
        if (signal?.aborted) return;
        if (!found.more) await sleep(pollMs, undefined, { signal }).catch(() => {});
        if (signal?.aborted) return;
        found = await look(told);
      }
    })();
  },
);

const ends = ['succeeded', 'failed', 'cancelled'];

/** What is new beyond the cursor, which moves along. `told` is the job's state as it was told last. */
async function news(tx: TenantTx, orgId: string, jobId: string, cursor: LiveCursor, told: string) {
  const { row, view } = await requireJob(tx, orgId, jobId);
  // A lease that went on from a checkpoint repeats steps: they are told again.
  if (row.step < cursor.step) cursor.step = row.step;
  const metrics = await tx
    .select({ metrics: jobMetrics.metrics })
    .from(jobMetrics)
    .where(and(eq(jobMetrics.jobId, jobId), gt(jobMetrics.step, cursor.step)))
    .orderBy(asc(jobMetrics.step))
    .limit(pageSize);
  const events = await tx
    .select()
    .from(jobEvents)
    .where(and(eq(jobEvents.jobId, jobId), eq(jobEvents.type, 'message'), gt(jobEvents.id, cursor.eventId)))
    .orderBy(asc(jobEvents.id))
    .limit(pageSize);
  const samples = await tx
    .select()
    .from(jobSamples)
    .where(and(eq(jobSamples.jobId, jobId), gt(jobSamples.step, cursor.sampleStep)))
    .orderBy(asc(jobSamples.step), asc(jobSamples.position))
    .limit(pageSize);
  const items: LiveItem[] = [];
  const last = metrics.at(-1)?.metrics;
  if (last) {
    cursor.step = last.step;
    items.push({
      id: formatCursor(cursor),
      item: { type: 'metrics', metrics: metrics.map(({ metrics: line }) => line) },
    });
  }
  for (const event of events) {
    cursor.eventId = event.id;
    items.push({ id: formatCursor(cursor), item: { type: 'event', event: eventView(event) } });
  }
  for (const [index, { step, prompt, expected, base, adapted }] of samples.entries()) {
    // A step's samples are one: the cursor passes it with the last of them.
    if (samples[index + 1]?.step !== step) cursor.sampleStep = step;
    items.push({
      id: formatCursor(cursor),
      item: { type: 'sample', sample: { step, prompt, expected, base, adapted } },
    });
  }
  const state = JSON.stringify(view);
  const more = metrics.length === pageSize || events.length === pageSize || samples.length === pageSize;
  if (state !== told) items.push({ id: formatCursor(cursor), item: { type: 'job', job: view } });
  return { items, told: state, ended: ends.includes(row.status), more };
}
