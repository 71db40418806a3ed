/** Random sequences of operations: the SQL must do what the reference does, and reconcile at the end. */
import { newId } from '@parapet/contracts/ids';
import type { DatabaseHandle } from '@parapet/db/client';
import { apiKeys, modelPrices, orgPeriods } from '@parapet/db/schema';
import { createTestTenant, testDatabase } from '@parapet/db/testing';
import { eq } from 'drizzle-orm';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { model } from './fixtures.ts';
import { type AdmissionRefused, createMetering } from './metering.ts';
import { reconcile } from './reconcile.ts';
import { type Amounts, ReferenceLedger } from './reference-ledger.ts';

let handle: DatabaseHandle;
const rates = { prompt: 700_000n, completion: 1_900_000n, gpuSecond: 11n };

beforeAll(async () => {
  handle = await testDatabase();
  await handle.db.insert(modelPrices).values({
    id: newId('price'),
    model,
    promptMicrosPerMillion: Number(rates.prompt),
    completionMicrosPerMillion: Number(rates.completion),
    inferenceMicrosPerGpuSecond: Number(rates.gpuSecond),
    effectiveFrom: new Date(0),
  });
});
afterAll(() => handle.close());

const limit = (most: number) => fc.option(fc.bigInt(0n, BigInt(most)), { nil: null, freq: 3 });
const limitsArbitrary = fc.record({
  gpuMicros: fc.option(
    fc.bigInt(0n, 12n).map((seconds) => seconds * 1_000_000n),
    { nil: null },
  ),
  requestsPerMinute: limit(12),
  tokensPerMinute: limit(400),
  concurrent: fc.option(fc.nat(6), { nil: null }),
  keyTokensPerMinute: limit(300),
  keyBudgetMicros: limit(500),
});
const amounts = fc.record({
  prompt: fc.bigInt(0n, 90n),
  completion: fc.bigInt(0n, 60n),
  gpuMicros: fc.bigInt(0n, 3_000_000n),
});
const request = fc.nat(11);
const operation = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('admit'), request, amounts, ttl: fc.nat(30_000) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('settle'), request, amounts }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('void'), request }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('sweep') }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait'), ms: fc.nat(20_000) }) },
);
type Operation = { kind: string; request?: number; amounts?: Amounts; ttl?: number; ms?: number };

const toNumbers = ({ prompt, completion, gpuMicros }: Amounts) => ({
  promptTokens: Number(prompt),
  completionTokens: Number(completion),
  gpuMicros: Number(gpuMicros),
});

it('does what the reference does', { timeout: 600_000 }, async () => {
  const runs = fc.asyncProperty(
    limitsArbitrary,
    fc.array(operation, { minLength: 5, maxLength: 40 }),
    async (limits, operations) => {
      let now = Date.parse('2026-11-10T00:00:00Z');
      const nowMicros = () => BigInt(now) * 1000n;
      const reference = new ReferenceLedger(limits, rates);
      const metering = createMetering(handle, { clock: () => now });
      const number = (value: bigint | null) => (value === null ? null : Number(value));
      const tenantId = await createTestTenant(handle.db, {
        gpuSecondsPerMonth: limits.gpuMicros === null ? null : Number(limits.gpuMicros / 1_000_000n),
        requestsPerMinute: number(limits.requestsPerMinute),
        tokensPerMinute: number(limits.tokensPerMinute),
        concurrentRequests: limits.concurrent,
      });
      const keyId = newId('apiKey');
      await handle.db.insert(apiKeys).values({
        id: keyId,
        orgId: tenantId,
        name: 'k',
        hash: keyId,
        hint: 'pk_',
        tokensPerMinute: number(limits.keyTokensPerMinute),
        budgetMicros: number(limits.keyBudgetMicros),
      });
      for (const {
        kind,
        request: index = 0,
        amounts: of = { prompt: 0n, completion: 0n, gpuMicros: 0n },
        ttl = 0,
        ms = 0,
      } of operations as Operation[]) {
        const requestId = `${tenantId}/${index}`;
        if (kind === 'admit') {
          const expected = reference.admit(requestId, of, nowMicros(), BigInt(ttl) * 1000n);
          const found = await metering
            .admit({ tenantId, keyId, requestId, model, adapter: null, estimate: toNumbers(of), ttlMs: ttl })
            .then(
              ({ rateLimit }) => [null, rateLimit.tokens?.remaining ?? null],
              (error: AdmissionRefused) => [error.code, error.rateLimit.tokens?.remaining ?? null],
            );
          const left = reference.tokensLeft;
          expect(found).toEqual([expected, left === null ? null : Number(left)]);
        } else if (kind === 'settle') {
          const expected = reference.settle(requestId, of, nowMicros());
          const usage = { ...toNumbers(of), cachedTokens: 0, queueMicros: 0 };
          expect((await metering.settle({ requestId, usage, outcome: 'stop' })).became).toBe(expected);
        } else if (kind === 'void') {
          expect((await metering.void({ requestId, reason: 'x' })).became).toBe(reference.void(requestId, nowMicros()));
        } else if (kind === 'sweep') {
          expect(await metering.sweepExpired()).toBe(reference.sweep(nowMicros()));
        } else {
          now += ms;
        }
      }
      const [row] = await handle.db.select().from(orgPeriods).where(eq(orgPeriods.orgId, tenantId));
      expect([
        row?.inferenceGpuUsed ?? 0,
        row?.inferenceGpuHeld ?? 0,
        row?.spendUsed ?? 0,
        row?.spendHeld ?? 0,
      ]).toEqual([reference.used, reference.held, reference.spent, reference.heldSpend].map(Number));
      // So that the next run's sweep finds its own holds only.
      now += 3_600_000;
      await metering.sweepExpired();
    },
  );
  await fc.assert(runs, { numRuns: Number(process.env.PARAPET_TEST_RUNS ?? 25) });
  expect((await reconcile(handle.db)).differences).toEqual([]);
});
