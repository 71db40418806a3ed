/** What is read from the ledger: quotas, usage, statements, reconciliation. */
import { newId } from '@parapet/contracts/ids';
import type { DatabaseHandle } from '@parapet/db/client';
import { adapters, quotaOverrides } from '@parapet/db/schema';
import { asPlatform, withTenant } from '@parapet/db/tenant';
import { testDatabase } from '@parapet/db/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { admission, createMeteredTenant, createTestPrice, model, usage } from './fixtures.ts';
import { issueDueStatements } from './issue-due.ts';
import { createMetering, type Metering } from './metering.ts';
import { quotaLines, requireQuota } from './quota.ts';
import { reconcile } from './reconcile.ts';
import { issueStatement, statementOf, statementPeriods } from './statement.ts';
import { formatMicros, statementCsv, statementHtml } from './statement-files.ts';
import { totalsOf, usageSeries } from './usage.ts';

let handle: DatabaseHandle;
let metering: Metering;
const start = Date.parse('2026-11-10T12:30:00Z');
let now = start;

beforeAll(async () => {
  handle = await testDatabase();
  await createTestPrice(handle);
  metering = createMetering(handle, { clock: () => now });
});
afterAll(() => handle.close());

async function use(who: Parameters<typeof admission>[0], adapter: string | null = null) {
  const request = { ...admission(who, { gpuMicros: usage.gpuMicros }), adapter };
  await metering.admit(request);
  await metering.settle({ requestId: request.requestId, usage, outcome: 'stop' });
}

describe('quota lines', () => {
  it('show plan, override, use and state, and only to whom they concern', async () => {
    const who = await createMeteredTenant(handle, { gpuSecondsPerMonth: 1, requestsPerMinute: 60, adapters: 5 });
    await handle.db
      .insert(quotaOverrides)
      .values({ orgId: who.tenantId, limits: { adapters: 0, tokensPerMinute: null } });
    await use(who);
    await use(who);
    const lines = await withTenant(handle.db, who.tenantId, (tx) => quotaLines(tx, who.tenantId, new Date(now + 500)));
    const line = (name: string) => lines.find((one) => one.name === name);
    expect(line('gpuSecondsPerMonth')).toEqual({
      name: 'gpuSecondsPerMonth',
      limit: 1,
      used: 0.8,
      state: 'warning',
      source: 'plan',
      resetsAt: Date.parse('2026-12-01T00:00:00Z'),
    });
    expect(line('requestsPerMinute')).toMatchObject({ used: 2, limit: 60, state: 'ok' });
    expect(line('adapters')).toMatchObject({ used: 0, limit: 0, state: 'exhausted', source: 'override' });
    expect(line('tokensPerMinute')).toMatchObject({ limit: null, source: 'override' });
  });

  it('let only as many be made at once as there is room for', async () => {
    const { tenantId } = await createMeteredTenant(handle, { adapters: 2 });
    const make = () =>
      withTenant(handle.db, tenantId, async (tx) => {
        await requireQuota(tx, tenantId, 'adapters', 1);
        const id = newId('adapter');
        await tx
          .insert(adapters)
          .values({ id, orgId: tenantId, name: id, suffix: '', baseModel: model, baseDigest: 'b' });
      });
    const results = await Promise.allSettled(Array.from({ length: 6 }, make));
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(2);
    await expect(make()).rejects.toMatchObject({ code: 'insufficient_quota' });
  });
});

describe('usage', () => {
  it('adds up by hour, day, key, model and adapter', async () => {
    const who = await createMeteredTenant(handle);
    now = start;
    await use(who);
    await use(who, 'ft:a');
    now = start + 3_600_000;
    await use({ ...who, keyId: null });
    const query = { orgId: who.tenantId, from: start - 86_400_000, to: start + 86_400_000 } as const;
    const series = (more: Partial<Parameters<typeof usageSeries>[1]>) =>
      usageSeries(handle.db, { ...query, bucket: 'hour', groupBy: 'none', ...more });
    expect((await series({})).map((row) => [row.at, row.requests])).toEqual([
      [Date.parse('2026-11-10T12:00:00Z'), 2],
      [Date.parse('2026-11-10T13:00:00Z'), 1],
    ]);
    expect(await series({ bucket: 'day' })).toMatchObject([{ at: Date.parse('2026-11-10T00:00:00Z'), requests: 3 }]);
    expect((await series({ groupBy: 'key', bucket: 'day' })).map((row) => row.group).sort()).toEqual(['', who.keyId]);
    expect((await series({ groupBy: 'adapter', bucket: 'day' })).map((row) => [row.group, row.requests])).toEqual([
      ['', 2],
      ['ft:a', 1],
    ]);
    expect(totalsOf(await series({ keyId: who.keyId }))).toMatchObject({ requests: 2, costMicros: 40 });
    expect(await series({ model: 'ft:a' })).toHaveLength(1);
    const foreign = await createMeteredTenant(handle);
    expect(
      await withTenant(handle.db, foreign.tenantId, (tx) =>
        usageSeries(tx, { ...query, bucket: 'day', groupBy: 'none' }),
      ),
    ).toEqual([]);
    now = start;
  });
});

describe('a statement', () => {
  it('adds up to the ledger, line by line, and is issued once, when the month is over and settled', async () => {
    const who = await createMeteredTenant(handle);
    for (let i = 0; i < 3; i++) await use(who);
    await metering.adjust({
      tenantId: who.tenantId,
      resource: 'inference',
      period: '2026-11-01',
      gpuMicros: 0,
      spendMicros: -5,
      reason: '=HYPERLINK("x") "outage"',
    });
    const open = await statementOf(handle.db, who.tenantId, '2026-11-01', 'EUR');
    // 3 · round(8 + 10 + 2.0) = 60: prompt 24, completion 30, time 6; less 5
    expect(open.lines.map((line) => line.amountMicros)).toEqual([24, 30, 6, -5]);
    expect(open).toMatchObject({
      state: 'open',
      totalMicros: 55,
      adjustmentMicros: -5,
      totals: { requests: 3, costMicros: 55 },
    });
    expect(await statementPeriods(handle.db, who.tenantId)).toEqual(['2026-11-01']);

    const issue = (at: string) =>
      asPlatform(handle.db, (tx) =>
        issueStatement(tx, { orgId: who.tenantId, period: '2026-11-01', currency: 'EUR', now: new Date(at) }),
      );
    await expect(issue('2026-11-30T23:59:59Z')).rejects.toMatchObject({ code: 'conflict' });
    const late = admission(who);
    await metering.admit(late);
    await expect(issue('2026-12-01T00:00:00Z')).rejects.toThrow(/not settled/);
    await metering.void({ requestId: late.requestId, reason: 'end' });
    const issued = await issue('2026-12-01T00:00:00Z');
    expect(issued).toMatchObject({ state: 'closed', totalMicros: 55 });
    await expect(issue('2026-12-01T00:00:00Z')).rejects.toThrow(/before/);
    expect(await statementOf(handle.db, who.tenantId, '2026-11-01', 'EUR')).toMatchObject({
      id: issued.id,
      lines: open.lines,
    });

    expect(statementCsv(issued).split('\r\n').slice(-3)).toEqual([
      `"Correction: =HYPERLINK(""x"") ""outage""",1,,-0.000005,-0.000005,EUR`,
      'Total,,,,0.000055,EUR',
      '',
    ]);
    const html = statementHtml(issued, { id: who.tenantId, name: '<b>Ltd' });
    expect(html).toContain('&lt;b&gt;Ltd');
    expect(html).toContain('<td>0.000055</td></tr></tfoot>');
  });

  it('keeps what single requests were rounded by', async () => {
    const who = await createMeteredTenant(handle);
    for (let i = 0; i < 10; i++) {
      const request = admission(who);
      await metering.admit(request);
      // 0.1 s · 5 = 0.5, rounded to 1, each time
      await metering.settle({
        requestId: request.requestId,
        usage: { ...usage, promptTokens: 0, completionTokens: 0, gpuMicros: 100_000 },
        outcome: 'stop',
      });
    }
    const { lines, totalMicros } = await statementOf(handle.db, who.tenantId, '2026-11-01', 'EUR');
    expect(lines.map((line) => [line.description, line.amountMicros])).toEqual([
      [`${model}, inference time`, 5],
      ['Rounding of single requests', 5],
    ]);
    expect(totalMicros).toBe(10);
  });

  it('is issued by itself a day after the month, by one gateway, when all is settled', async () => {
    const settled = await createMeteredTenant(handle);
    const open = await createMeteredTenant(handle);
    await use(settled);
    await metering.admit({ ...admission(open), ttlMs: 3_600_000 });
    const issue = (at: string) => issueDueStatements(handle, { currency: 'EUR', now: new Date(at) });
    expect(await issue('2026-12-01T23:00:00Z')).toBe(0);
    const both = await Promise.all([issue('2026-12-02T01:00:00Z'), issue('2026-12-02T01:00:00Z')]);
    expect(both[0] + both[1]).toBeGreaterThan(0);
    expect(await statementOf(handle.db, settled.tenantId, '2026-11-01', 'EUR')).toMatchObject({
      state: 'closed',
      totalMicros: 20,
    });
    expect(await statementOf(handle.db, open.tenantId, '2026-11-01', 'EUR')).toMatchObject({ state: 'open' });
    expect(await issue('2026-12-02T01:00:00Z')).toBe(0);
  });

  it('writes amounts in full', () => {
    expect([0, 1, -1, 1_234_567, -12_000_000].map(formatMicros)).toEqual([
      '0.000000',
      '0.000001',
      '-0.000001',
      '1.234567',
      '-12.000000',
    ]);
  });
});

describe('reconcile', () => {
  it('finds nothing after all of the above, and each kind of difference when there is one', async () => {
    const who = await createMeteredTenant(handle);
    await use(who);
    await metering.admit(admission(who));
    const good = await reconcile(handle.db);
    expect(good.differences).toEqual([]);
    expect(good).toMatchObject({ openHolds: expect.any(Number), entries: expect.any(Number) });
    for (const damage of [
      'update org_periods set inference_gpu_used = inference_gpu_used + 1',
      'update org_periods set spend_held = spend_held + 1',
      'update key_periods set spend_used = spend_used + 1',
      'update org_meters set running_requests = running_requests + 1',
      'update usage_hourly set requests = requests + 1',
      'update usage_daily set spend_micros = spend_micros + 1',
      "update holds set gpu_micros = gpu_micros + 1 where status = 'held'",
    ]) {
      await handle.script(
        `${damage.replace(' where', ` where org_id = '${who.tenantId}' and`)}${damage.includes('where') ? '' : ` where org_id = '${who.tenantId}'`}`,
      );
      const { differences } = await reconcile(handle.db);
      expect(differences, damage).toHaveLength(1);
      expect(differences[0]).toMatchObject({ organisationId: who.tenantId });
      await handle.script(
        `${damage.replace('+ 1', '- 1').replace(' where', ` where org_id = '${who.tenantId}' and`)}${damage.includes('where') ? '' : ` where org_id = '${who.tenantId}'`}`,
      );
    }
  });
});
