/** Two gateways on one real Postgres, each with its own pool; and a gateway that is killed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type DatabaseHandle, openDatabase } from '@parapet/db/client';
import { holds, orgMeters, orgPeriods, usageEvents } from '@parapet/db/schema';
import { canStartPostgres, openTestPostgres } from '@parapet/db/testing';
import { and, eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { admission, createMeteredTenant, createTestKey, createTestPrice, usage } from './fixtures.ts';
import { createMetering, type Metering } from './metering.ts';
import { reconcile } from './reconcile.ts';

describe.skipIf(!canStartPostgres())('the ledger under two gateways', () => {
  let first: DatabaseHandle & { url: string };
  let second: DatabaseHandle;
  let gateways: [Metering, Metering];
  beforeAll(async () => {
    first = await openTestPostgres();
    second = await openDatabase({ kind: 'postgres', url: first.url });
    gateways = [createMetering(first), createMetering(second)];
    await createTestPrice(first);
  });
  afterAll(async () => {
    await second.close();
    await first.close();
  });

  const settled = <T>(results: PromiseSettledResult<T>[]) =>
    results.filter((result) => result.status === 'fulfilled').length;

  it('admits 10 of 200 against a balance for 10, a hundred times', async () => {
    for (let round = 0; round < 100; round++) {
      const who = await createMeteredTenant(first, { gpuSecondsPerMonth: 10 });
      // The meters' row is there before, and the requests come in many small transactions: nothing but the lock helps.
      const before = admission(who);
      await gateways[0].admit(before);
      await gateways[0].void({ requestId: before.requestId, reason: 'warm' });
      const results = await Promise.allSettled(
        Array.from({ length: 200 }, async (_, i) => {
          await new Promise((resolve) => setTimeout(resolve, i % 10));
          return gateways[i % 2 === 0 ? 0 : 1].admit(admission(who));
        }),
      );
      expect(settled(results)).toBe(10);
      for (const result of results) {
        if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'insufficient_quota' });
      }
      const [balance] = await first.db.select().from(orgPeriods).where(eq(orgPeriods.orgId, who.tenantId));
      expect(balance).toMatchObject({ inferenceGpuHeld: 10_000_000, inferenceGpuUsed: 0 });
    }
  });

  it('keeps one rate limit, one budget and one count of running requests', async () => {
    const minute = await createMeteredTenant(first, { requestsPerMinute: 20 });
    const atOnce = await createMeteredTenant(first, { concurrentRequests: 20 });
    const { tenantId } = await createMeteredTenant(first);
    const budget = { tenantId, keyId: await createTestKey(first, tenantId, { budgetMicros: 55 * 20 }) };
    for (const who of [minute, atOnce, budget]) {
      const results = await Promise.allSettled(
        Array.from({ length: 200 }, (_, i) => gateways[i % 2 === 0 ? 0 : 1].admit(admission(who))),
      );
      // A bucket of 20 a minute drains one every 3 s: a slow machine may let another one in.
      expect(settled(results)).toBeGreaterThanOrEqual(20);
      expect(settled(results)).toBeLessThanOrEqual(who === minute ? 23 : 20);
    }
  });

  it('locks organisations whose first requests come to both gateways at once', async () => {
    const one = await createMeteredTenant(first);
    const other = await createMeteredTenant(first);
    const [a, b] = one.tenantId < other.tenantId ? [one, other] : [other, one];
    const ask = (items: ReturnType<typeof admission>[]) =>
      JSON.stringify(
        items.map(({ tenantId, estimate, ...item }, position) => ({
          ...{ position, kind: 'inference', orgId: tenantId, holdId: item.requestId, ledgerId: item.requestId },
          ...{ ...item, ...estimate, trainedTokens: 0, ttlMicros: 1e9 },
        })),
      );
    const admit = 'select parapet_admit($1::jsonb) as rows';
    const ended = admission(b);
    let large: Promise<unknown> = Promise.resolve();
    await first.db.transaction(async (tx) => {
      await tx.execute(sql`select parapet_admit(${ask([admission(a), ended])}::jsonb)`);
      // Waits for this transaction at the first organisation, and then has much to do at the second.
      large = second.query(admit, [ask([admission(a), ...Array.from({ length: 3000 }, () => admission(b))])]);
      await expect
        .poll(() =>
          first.query("select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%parapet_admit%'"),
        )
        .toHaveLength(1);
    });
    await gateways[0].void({ requestId: ended.requestId, reason: 'test' });
    await large;
    const [meter] = await first.db.select().from(orgMeters).where(eq(orgMeters.orgId, b.tenantId));
    expect(meter?.runningRequests).toBe(3000);
  });

  it('settles each request once when both gateways and the worker’s report try, in any order', async () => {
    const tenants = await Promise.all(Array.from({ length: 5 }, () => createMeteredTenant(first)));
    const requests = Array.from({ length: 500 }, (_, i) =>
      admission(tenants[i % 5] ?? { tenantId: '' as never, keyId: null }),
    );
    await Promise.all(requests.map((request, i) => gateways[i % 2 === 0 ? 0 : 1].admit(request)));
    const report = ({ requestId, tenantId }: (typeof requests)[number]) => ({
      requestId,
      tenantId,
      finishedAt: Date.now(),
      usage: {
        promptTokens: 8,
        cachedTokens: 0,
        completionTokens: 5,
        prefillDeviceMicros: 400_000,
        decodeDeviceMicros: 0,
        queueMicros: 0,
      },
    });
    const results = await Promise.all(
      requests.flatMap((request) => [
        gateways[0].settle({ requestId: request.requestId, usage, outcome: 'stop' }),
        gateways[1].settle({ requestId: request.requestId, usage, outcome: 'stop' }),
        gateways[1].reportUsage([report(request)]).then(() => ({ became: 'reported' })),
      ]),
    );
    expect(results.filter((result) => result.became === 'settled').length).toBeLessThanOrEqual(500);
    for (const { tenantId } of tenants) {
      const [balance] = await first.db.select().from(orgPeriods).where(eq(orgPeriods.orgId, tenantId));
      expect(balance).toMatchObject({ inferenceGpuHeld: 0, inferenceGpuUsed: 100 * 400_000, spendUsed: 100 * 20 });
      expect(await first.db.select().from(usageEvents).where(eq(usageEvents.orgId, tenantId))).toHaveLength(100);
    }
  });

  it('sweeps beside settlements without losing or doubling one', async () => {
    const who = await createMeteredTenant(first);
    const requests = Array.from({ length: 300 }, () => ({ ...admission(who), ttlMs: 1 }));
    await Promise.all(requests.map((request) => gateways[0].admit(request)));
    await new Promise((resolve) => setTimeout(resolve, 5));
    await Promise.all([
      ...requests.map((request) => gateways[1].settle({ requestId: request.requestId, usage, outcome: 'stop' })),
      ...Array.from({ length: 10 }, (_, i) => gateways[i % 2 === 0 ? 0 : 1].sweepExpired(50)),
    ]);
    const [balance] = await first.db.select().from(orgPeriods).where(eq(orgPeriods.orgId, who.tenantId));
    expect(balance).toMatchObject({ inferenceGpuHeld: 0, inferenceGpuUsed: 300 * 400_000 });
  });

  it('survives a gateway killed at any moment: nothing half-done, no hold after its time, one settlement each', async () => {
    const who = await createMeteredTenant(first);
    const script = `
      import { openDatabase } from '@parapet/db/client';
      import { createMetering } from '${new URL('./metering.ts', import.meta.url).href}';
      import { admission, usage } from '${new URL('./fixtures.ts', import.meta.url).href}';
      const handle = await openDatabase({ kind: 'postgres', url: '${first.url}' });
      const metering = createMetering(handle);
      const who = ${JSON.stringify(who)};
      console.log('ready');
      for (;;) await Promise.all(Array.from({ length: 16 }, async (_, i) => {
        const request = { ...admission(who), ttlMs: 200 };
        await metering.admit(request);
        if (i % 4 !== 0) await metering.settle({ requestId: request.requestId, usage, outcome: 'stop' });
      }));`;
    for (let round = 0; round < 10; round++) {
      const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
        cwd: import.meta.dirname,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 150));
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    // The worker reports every other of what the dead gateways left open; the rest expires.
    const open = await first.db
      .select()
      .from(holds)
      .where(and(eq(holds.orgId, who.tenantId), eq(holds.status, 'held')));
    expect(open.length).toBeGreaterThan(15);
    const reported = open.filter((_, i) => i % 2 === 0);
    await Promise.all([
      ...reported.map((hold) => gateways[0].settle({ requestId: hold.requestId, usage, outcome: 'reported' })),
      gateways[1].sweepExpired(10_000),
    ]);
    const all = await first.db.select().from(holds).where(eq(holds.orgId, who.tenantId));
    expect(all.filter((hold) => hold.status === 'held')).toEqual([]);
    const events = await first.db.select().from(usageEvents).where(eq(usageEvents.orgId, who.tenantId));
    expect(events).toHaveLength(all.filter((hold) => hold.status === 'settled').length);
    expect(all.filter((hold) => hold.status === 'expired')).toHaveLength(open.length - reported.length);
    const [meter] = await first.db.select().from(orgMeters).where(eq(orgMeters.orgId, who.tenantId));
    expect(meter?.runningRequests).toBe(0);
  });

  it('reconciles to no difference after all of it', async () => {
    const { differences, entries } = await reconcile(first.db);
    expect(entries).toBeGreaterThan(3000);
    expect(differences).toEqual([]);
  });

  it('answers an item that cannot be stored by itself, and the others with it', async () => {
    const who = await createMeteredTenant(first);
    const bad = { ...admission(who), estimate: { promptTokens: 1, completionTokens: 1, gpuMicros: 0.5 } };
    const results = await Promise.allSettled([
      gateways[0].admit(admission(who)),
      gateways[0].admit(bad),
      gateways[0].admit(admission(who)),
    ]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });
});
