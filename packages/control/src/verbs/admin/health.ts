import { readFileSync } from 'node:fs';
import type { HealthView } from '@parapet/contracts/portal/admin';
import { fineTuningJobs, holds, webhookDeliveries, workers } from '@parapet/db/schema';
import { and, count, eq, gt, lt, sql } from 'drizzle-orm';
import { z } from 'zod';
import { defineVerb } from '../../verb.ts';

const startedAt = Date.now();
const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

type Component = HealthView['components'][number];

const liveMs = 10_000;
/** What should have happened by itself by then. */
const overdueMs = 5 * 60_000;

/** Whether each part of the platform does its work, measured now. */
export const getHealth = defineVerb(
  'admin.health.get',
  z.void(),
  async ({ read, services, now }): Promise<HealthView> => {
    const started = performance.now();
    const facts = await read(async (tx) => {
      const live = gt(workers.heartbeatAt, new Date(now.getTime() - liveMs));
      const overdue = new Date(now.getTime() - overdueMs);
      const one = async (query: Promise<{ n: number }[]>) => (await query)[0]?.n ?? 0;
      return {
        database: await one(tx.select({ n: sql<number>`1` }).from(sql`(select 1) one`)),
        serve: await one(
          tx
            .select({ n: count() })
            .from(workers)
            .where(and(eq(workers.kind, 'serve'), eq(workers.status, 'ready'), live)),
        ),
        train: await one(
          tx
            .select({ n: count() })
            .from(workers)
            .where(and(eq(workers.kind, 'train'), live)),
        ),
        queued: await one(tx.select({ n: count() }).from(fineTuningJobs).where(eq(fineTuningJobs.status, 'queued'))),
        lateHolds: await one(
          tx
            .select({ n: count() })
            .from(holds)
            .where(and(eq(holds.status, 'held'), lt(holds.expiresAt, overdue))),
        ),
        lateDeliveries: await one(
          tx
            .select({ n: count() })
            .from(webhookDeliveries)
            .where(and(eq(webhookDeliveries.status, 'pending'), lt(webhookDeliveries.nextAttemptAt, overdue))),
        ),
      };
    });
    const databaseMs = performance.now() - started;
    const blobs = await blobHealth(services.blobs);
    const components: Component[] = [
      { name: `Database (${services.database.kind})`, state: 'ok', detail: 'answers', latencyMs: round(databaseMs) },
      blobs,
      workersHealth('Serve workers', facts.serve, facts.serve === 0),
      workersHealth('Train workers', facts.train, facts.train === 0 && facts.queued > 0),
      backlog('Holds past their time', facts.lateHolds),
      backlog('Webhook deliveries past their time', facts.lateDeliveries),
    ];
    return { version, startedAt, components };
  },
);

async function blobHealth(store: { check(): Promise<void> }): Promise<Component> {
  const started = performance.now();
  try {
    await store.check();
    return { name: 'Blob store', state: 'ok', detail: 'can be written', latencyMs: round(performance.now() - started) };
  } catch (error) {
    return {
      name: 'Blob store',
      state: 'down',
      detail: error instanceof Error ? error.message : String(error),
      latencyMs: null,
    };
  }
}

const workersHealth = (name: string, live: number, bad: boolean): Component => ({
  name,
  state: bad ? 'down' : live === 0 ? 'degraded' : 'ok',
  detail: live === 1 ? '1 is live' : `${live} are live`,
  latencyMs: null,
});

const backlog = (name: string, late: number): Component => ({
  name,
  state: late === 0 ? 'ok' : 'degraded',
  detail: late === 0 ? 'none' : `${late} wait`,
  latencyMs: null,
});

const round = (ms: number) => Math.round(ms * 10) / 10;
