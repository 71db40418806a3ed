import type { DatabaseHandle } from '@parapet/db/client';
import {
  apiKeys,
  holds,
  ledgerEntries,
  organisations,
  orgPeriods,
  rateLimitBuckets,
  usageEvents,
  usageHourly,
} from '@parapet/db/schema';
import { testDatabase } from '@parapet/db/testing';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { admission, createMeteredTenant, createTestKey, createTestPrice, usage } from './fixtures.ts';
import { createMetering, type Metering } from './metering.ts';

let handle: DatabaseHandle;
let metering: Metering;
let now = Date.parse('2026-11-10T12:00:00Z');

beforeAll(async () => {
  handle = await testDatabase();
  await createTestPrice(handle);
  metering = createMetering(handle, { clock: () => now });
});
afterAll(() => handle.close());

const balance = async (orgId: string) => {
  const [row] = await handle.db.select().from(orgPeriods).where(eq(orgPeriods.orgId, orgId));
  return row;
};

describe('hold and settle', () => {
  it('holds the estimate, charges what was used, and writes usage, ledger and rollups', async () => {
    const who = await createMeteredTenant(handle);
    const request = admission(who);
    await metering.admit(request);
    expect(await balance(who.tenantId)).toMatchObject({
      inferenceGpuHeld: 1_000_000,
      inferenceGpuUsed: 0,
      spendHeld: 55,
    });
    const settled = await metering.settle({ requestId: request.requestId, usage, outcome: 'stop' });
    // 8·1 + 5·2 + 0.4·5 = 20
    expect(settled).toEqual({ became: 'settled', spendMicros: 20 });
    expect(await balance(who.tenantId)).toMatchObject({
      inferenceGpuHeld: 0,
      inferenceGpuUsed: 400_000,
      spendHeld: 0,
      spendUsed: 20,
    });
    const events = await handle.db.select().from(usageEvents).where(eq(usageEvents.orgId, who.tenantId));
    expect(events).toMatchObject([
      { requestId: request.requestId, promptTokens: 8, completionTokens: 5, outcome: 'stop' },
    ]);
    const entries = await handle.db.select().from(ledgerEntries).where(eq(ledgerEntries.orgId, who.tenantId));
    expect(entries.map((entry) => entry.phase).sort()).toEqual(['charge', 'open']);
    const hours = await handle.db.select().from(usageHourly).where(eq(usageHourly.orgId, who.tenantId));
    expect(hours).toMatchObject([{ requests: 1, gpuMicros: 400_000, keyId: who.keyId, hour: new Date(now) }]);
  });

  it('settles a request once, however often and however concurrently it is asked', async () => {
    const who = await createMeteredTenant(handle);
    const request = admission(who);
    await metering.admit(request);
    const input = { requestId: request.requestId, usage, outcome: 'stop' };
    const results = await Promise.all(Array.from({ length: 20 }, () => metering.settle(input)));
    results.push(await metering.settle(input), await metering.void({ requestId: request.requestId, reason: 'late' }));
    expect(results.filter((result) => result.became === 'settled')).toHaveLength(1);
    expect(results.filter((result) => result.became === 'duplicate')).toHaveLength(21);
    expect((await balance(who.tenantId))?.inferenceGpuUsed).toBe(400_000);
  });

  it('tells how much room is left, and whether half of everything is', async () => {
    const who = await createMeteredTenant(handle, { concurrentRequests: 4 });
    const answers = [];
    for (let i = 0; i < 4; i++) answers.push(await metering.admit(admission(who)));
    expect(answers.map(({ slotsLeft, isRoomy }) => [slotsLeft, isRoomy])).toEqual([
      [3, true],
      [2, true],
      [1, false],
      [0, false],
    ]);
    const unlimited = await metering.admit(admission(await createMeteredTenant(handle)));
    expect(unlimited).toMatchObject({ slotsLeft: null, isRoomy: true });
    const short = await createMeteredTenant(handle, { gpuSecondsPerMonth: 3 });
    expect(await metering.admit(admission(short))).toMatchObject({ isRoomy: true });
    expect(await metering.admit(admission(short))).toMatchObject({ isRoomy: false });
  });

  it('lets a client back in whose settlement is still on its way', async () => {
    const who = await createMeteredTenant(handle, { concurrentRequests: 1 });
    const first = admission(who);
    await metering.admit(first);
    const { requestId, tenantId } = first;
    const settling = metering.settle({ requestId, tenantId, usage, outcome: 'stop', isPatient: true });
    await expect(metering.admit(admission(who))).resolves.toMatchObject({ slotsLeft: 0 });
    await settling;
    await expect(metering.admit(admission(who))).rejects.toMatchObject({ code: 'concurrency_exceeded' });
  });

  it('gives a voided hold back without a charge', async () => {
    const who = await createMeteredTenant(handle);
    const request = admission(who);
    await metering.admit(request);
    expect((await metering.void({ requestId: request.requestId, reason: 'overloaded' })).became).toBe('voided');
    expect((await metering.settle({ requestId: request.requestId, usage, outcome: 'stop' })).became).toBe('duplicate');
    expect(await balance(who.tenantId)).toMatchObject({ inferenceGpuHeld: 0, inferenceGpuUsed: 0, spendUsed: 0 });
  });

  it('knows nothing of a request that was never admitted, nor of another tenant’s', async () => {
    const who = await createMeteredTenant(handle);
    const other = await createMeteredTenant(handle);
    const request = admission(who);
    await metering.admit(request);
    expect((await metering.settle({ requestId: 'req_none', usage, outcome: 'stop' })).became).toBe('unknown');
    const foreign = { requestId: request.requestId, tenantId: other.tenantId, usage, outcome: 'stop' };
    expect((await metering.settle(foreign)).became).toBe('unknown');
    await metering.void({ requestId: request.requestId, reason: 'end' });
  });

  it('expires a hold after its time, and still charges usage that is reported late', async () => {
    const who = await createMeteredTenant(handle);
    const request = admission(who);
    await metering.admit({ ...request, ttlMs: 1000 });
    expect(await metering.sweepExpired()).toBe(0);
    now += 1001;
    expect(await metering.sweepExpired()).toBe(1);
    expect(await balance(who.tenantId)).toMatchObject({ inferenceGpuHeld: 0, inferenceGpuUsed: 0 });
    const report = {
      requestId: request.requestId,
      tenantId: who.tenantId,
      finishedAt: now,
      usage: {
        promptTokens: 8,
        cachedTokens: 0,
        completionTokens: 5,
        prefillDeviceMicros: 100,
        decodeDeviceMicros: 200,
        queueMicros: 0,
      },
    };
    expect(await metering.reportUsage([report, report])).toEqual([request.requestId, request.requestId]);
    expect(await balance(who.tenantId)).toMatchObject({ inferenceGpuHeld: 0, inferenceGpuUsed: 300 });
  });

  it('takes a request id once', async () => {
    const who = await createMeteredTenant(handle);
    const request = admission(who);
    const results = await Promise.allSettled([metering.admit(request), metering.admit(request)]);
    expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
    await expect(metering.admit(request)).rejects.toMatchObject({ code: 'conflict' });
    expect((await balance(who.tenantId))?.inferenceGpuHeld).toBe(1_000_000);
  });
});

it('admits once when a caller that never heard the answer asks again', async () => {
  const who = await createMeteredTenant(handle, { requestsPerMinute: 5 });
  const { tenantId: orgId, keyId } = who;
  const item = {
    ...{
      position: 0,
      kind: 'inference',
      orgId,
      keyId,
      requestId: `${orgId}/lost`,
      holdId: `${orgId}/hold`,
      model: 'm',
    },
    ...{ ledgerId: orgId, promptTokens: 1, completionTokens: 1, trainedTokens: 0, gpuMicros: 10, ttlMicros: 1e9 },
  };
  for (let i = 0; i < 2; i++) {
    const [row] = await handle.query<{ rows: unknown[] }>('select parapet_admit($1::jsonb, $2::bigint) as rows', [
      JSON.stringify([item]),
      now * 1000,
    ]);
    expect(row?.rows).toMatchObject([{ refusal: null, requests: [5, 4, 12_000_000] }]);
  }
  expect(await balance(orgId)).toMatchObject({ inferenceGpuHeld: 10 });
  expect(await handle.db.select().from(holds).where(eq(holds.orgId, orgId))).toHaveLength(1);
});

describe('quota', () => {
  it('admits 10 of 200 concurrent requests against a balance for 10', async () => {
    const who = await createMeteredTenant(handle, { gpuSecondsPerMonth: 10 });
    const results = await Promise.allSettled(Array.from({ length: 200 }, () => metering.admit(admission(who))));
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(10);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'insufficient_quota' });
    }
    expect(await balance(who.tenantId)).toMatchObject({ inferenceGpuHeld: 10_000_000 });
  });

  it('warns from 80%, and admits again in the next month', async () => {
    const who = await createMeteredTenant(handle, { gpuSecondsPerMonth: 10 });
    const use = async (gpuMicros: number) => {
      const request = admission(who, { gpuMicros });
      const { warnings } = await metering.admit(request);
      await metering.settle({ requestId: request.requestId, usage: { ...usage, gpuMicros }, outcome: 'stop' });
      return warnings;
    };
    expect(await use(7_900_000)).toEqual([]);
    expect(await use(100_000)).toEqual([]);
    expect(await use(100_000)).toEqual([{ quota: 'gpuSecondsPerMonth', usedPercent: 80 }]);
    await expect(use(2_000_000)).rejects.toMatchObject({ code: 'insufficient_quota' });
    const before = now;
    now = Date.parse('2026-12-01T00:00:00Z');
    await use(2_000_000);
    now = before;
  });

  it('keeps to a key’s monthly budget', async () => {
    const { tenantId } = await createMeteredTenant(handle);
    const who = { tenantId, keyId: await createTestKey(handle, tenantId, { budgetMicros: 110 }) };
    const first = admission(who);
    await metering.admit(first);
    await metering.admit(admission(who));
    await expect(metering.admit(admission(who))).rejects.toMatchObject({ code: 'insufficient_quota' });
    await metering.settle({ requestId: first.requestId, usage, outcome: 'stop' });
    // 20 + 55 + 35 = 110
    await metering.admit(admission(who, { completionTokens: 10 }));
    await expect(metering.admit(admission(who, { promptTokens: 0, completionTokens: 0 }))).rejects.toMatchObject({
      code: 'insufficient_quota',
    });
  });

  it('refuses a suspended tenant and a revoked, expired or foreign key at once', async () => {
    const who = await createMeteredTenant(handle);
    const other = await createMeteredTenant(handle);
    await expect(metering.admit(admission({ ...who, keyId: other.keyId }))).rejects.toMatchObject({
      code: 'invalid_api_key',
    });
    await handle.db
      .update(apiKeys)
      .set({ revokedAt: new Date(now) })
      .where(eq(apiKeys.id, who.keyId));
    await expect(metering.admit(admission(who))).rejects.toMatchObject({ code: 'invalid_api_key' });
    await handle.db.update(organisations).set({ status: 'suspended' }).where(eq(organisations.id, who.tenantId));
    await expect(metering.admit(admission({ ...who, keyId: null }))).rejects.toMatchObject({
      code: 'tenant_suspended',
    });
  });
});

describe('limits', () => {
  it('refuses beyond the requests a minute, says when to come back, and lets one through then', async () => {
    const who = await createMeteredTenant(handle, { requestsPerMinute: 6 });
    const admitted = await Promise.all(Array.from({ length: 6 }, () => metering.admit(admission(who))));
    expect(admitted.map((one) => one.rateLimit.requests?.remaining)).toEqual([5, 4, 3, 2, 1, 0]);
    expect(admitted[5]?.rateLimit.requests).toEqual({ limit: 6, remaining: 0, resetMs: 60_000 });
    const refused = metering.admit(admission(who));
    await expect(refused).rejects.toMatchObject({
      code: 'rate_limit_exceeded',
      details: { retryAfterMs: 10_000 },
      rateLimit: { requests: { limit: 6, remaining: 0 } },
    });
    now += 9_999;
    await expect(metering.admit(admission(who))).rejects.toMatchObject({ details: { retryAfterMs: 1 } });
    now += 1;
    await metering.admit(admission(who));
  });

  it('counts tokens by the bound and gives back what was not used', async () => {
    const who = await createMeteredTenant(handle, { tokensPerMinute: 100 });
    const first = admission(who, { promptTokens: 40, completionTokens: 50 });
    expect((await metering.admit(first)).rateLimit.tokens).toEqual({ limit: 100, remaining: 10, resetMs: 54_000 });
    await expect(metering.admit(admission(who))).rejects.toMatchObject({ code: 'rate_limit_exceeded' });
    await metering.settle({ requestId: first.requestId, usage, outcome: 'stop' });
    expect((await metering.admit(admission(who))).rateLimit.tokens?.remaining).toBe(100 - 13 - 30);
    const tooLarge = metering.admit(admission(who, { promptTokens: 101 }));
    await expect(tooLarge).rejects.toThrow(/Shorten the prompt/);
  });

  it('holds a key to its own, tighter limits', async () => {
    const { tenantId } = await createMeteredTenant(handle, { requestsPerMinute: 100 });
    const who = {
      tenantId,
      keyId: await createTestKey(handle, tenantId, { requestsPerMinute: 1, tokensPerMinute: 1000 }),
    };
    const { rateLimit } = await metering.admit(admission(who));
    expect(rateLimit).toMatchObject({ requests: { limit: 1, remaining: 0 }, tokens: { limit: 1000, remaining: 970 } });
    await expect(metering.admit(admission(who))).rejects.toThrow(/of the key: 1 requests a minute/);
    const { rateLimit: others } = await metering.admit(admission({ tenantId, keyId: null }));
    expect(others.requests).toMatchObject({ limit: 100, remaining: 98 });
  });

  it('lets so many run at once, and the next when one ends', async () => {
    const who = await createMeteredTenant(handle, { concurrentRequests: 2 });
    const first = admission(who);
    await metering.admit(first);
    await metering.admit(admission(who));
    await expect(metering.admit(admission(who))).rejects.toMatchObject({ code: 'concurrency_exceeded' });
    await metering.settle({ requestId: first.requestId, usage, outcome: 'stop' });
    await metering.admit(admission(who));
  });

  it('counts anything else by scope', async () => {
    expect(await metering.take('sign-in:a', 2)).toBeNull();
    expect(await metering.take('sign-in:a', 2)).toBeNull();
    expect(await metering.take('sign-in:a', 2)).toBe(30_000);
    expect(await metering.take('sign-in:b', 2)).toBeNull();
    now += 40_000;
    expect(await metering.take('sign-in:b', 2)).toBeNull();
    now += 30_000;
    await metering.pruneHolds(new Date(0));
    expect(await handle.db.select({ scope: rateLimitBuckets.scope }).from(rateLimitBuckets)).toEqual([
      { scope: 'sign-in:b' },
    ]);
  });
});

describe('training', () => {
  it('reserves ahead of what is reported, stops at the quota, and charges the lease once', async () => {
    const { tenantId } = await createMeteredTenant(handle, { gpuSecondsPerMonth: 100 });
    const lease = { tenantId, jobId: 'ftjob-1', fencingToken: 1 };
    await metering.training.begin({ ...lease, model: 'smollm2-135m-instruct', ttlMs: 30_000 });
    expect((await balance(tenantId))?.trainingGpuHeld).toBe(60_000_000);
    expect(await metering.training.accrue({ ...lease, deviceMicros: 30_000_000, ttlMs: 30_000 })).toBe('continue');
    expect((await balance(tenantId))?.trainingGpuHeld).toBe(90_000_000);
    expect(await metering.training.accrue({ ...lease, deviceMicros: 99_000_000, ttlMs: 30_000 })).toBe('continue');
    expect((await balance(tenantId))?.trainingGpuHeld).toBe(100_000_000);
    expect(await metering.training.accrue({ ...lease, deviceMicros: 100_000_000, ttlMs: 30_000 })).toBe('exhausted');
    const end = { ...lease, deviceMicros: 100_000_000, trainedTokens: 5000, outcome: 'paused' };
    expect(await metering.training.end(end)).toEqual({ became: 'settled', spendMicros: 700 });
    expect((await metering.training.end(end)).became).toBe('duplicate');
    expect(await metering.training.accrue({ ...lease, deviceMicros: 1, ttlMs: 1 })).toBe('closed');
    expect(await balance(tenantId)).toMatchObject({ trainingGpuHeld: 0, trainingGpuUsed: 100_000_000, spendUsed: 700 });
    const next = metering.training.begin({ ...lease, fencingToken: 2, model: 'smollm2-135m-instruct', ttlMs: 1 });
    await expect(next).rejects.toMatchObject({ code: 'insufficient_quota' });
  });

  it('charges a lost lease what it had reported', async () => {
    const { tenantId } = await createMeteredTenant(handle);
    const lease = { tenantId, jobId: 'ftjob-2', fencingToken: 1 };
    await metering.training.begin({ ...lease, model: 'smollm2-135m-instruct', ttlMs: 1000 });
    await metering.training.accrue({ ...lease, deviceMicros: 30_000_000, ttlMs: 1000 });
    now += 2000;
    expect(await metering.sweepExpired()).toBeGreaterThan(0);
    expect(await balance(tenantId)).toMatchObject({ trainingGpuHeld: 0, trainingGpuUsed: 30_000_000 });
  });
});

describe('the ledger', () => {
  it('refuses to change or lose an entry', async () => {
    await expect(handle.query('update ledger_entries set gpu_used = 0')).rejects.toThrow(/append-only/);
    await expect(handle.query('delete from usage_events')).rejects.toThrow(/append-only/);
    await expect(handle.query('truncate ledger_entries')).rejects.toThrow(/append-only/);
  });

  it('takes an administrator’s correction', async () => {
    const { tenantId } = await createMeteredTenant(handle);
    const correction = {
      tenantId,
      resource: 'inference',
      period: '2026-11-01',
      spendMicros: -3,
      reason: 'outage',
    } as const;
    await metering.adjust({ ...correction, gpuMicros: -500 });
    expect(await balance(tenantId)).toMatchObject({ inferenceGpuUsed: -500, spendUsed: -3 });
  });

  it('prunes closed holds only', async () => {
    const open = await handle.db.select().from(holds).where(eq(holds.status, 'held'));
    expect(await metering.pruneHolds(new Date('2027-01-01'))).toBeGreaterThan(0);
    expect(await handle.db.select().from(holds)).toHaveLength(open.length);
  });
});
