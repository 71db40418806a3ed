/**
 * npm run bench -- ledger [--rows 1000000] [--seconds 5] [--kind postgres]: how many requests a second the ledger admits and settles,
 * on PGlite and on a Postgres of this machine, with the callers sharing transactions and with one transaction a call;
 * then the same, and what reads the ledger, with a month of rows behind it.
 */
import { newId } from '@parapet/contracts/ids';
import type { DatabaseHandle } from '@parapet/db/client';
import { databaseKinds } from '@parapet/db/testing';
import { createMetering, type Metering } from '@parapet/metering/metering';
import { monthOf } from '@parapet/metering/quota';
import { reconcile } from '@parapet/metering/reconcile';
import { statementOf } from '@parapet/metering/statement';
import { usageSeries } from '@parapet/metering/usage';
import { median, printResult } from '../harness/report.ts';
import { type Caller, model, seedCallers, seedHistory, tenantOf } from './seed.ts';

const option = (name: string, otherwise: number) => {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? otherwise : Number(process.argv[at + 1]);
};
const seconds = option('seconds', 5);
const rows = option('rows', 0);

const quantile = (samples: number[], q: number) => samples.sort((a, b) => a - b)[Math.floor(samples.length * q)] ?? 0;
const round = (value: number) => Number(value.toFixed(2));

/** Each of `concurrency` callers admits and settles one request after the other, for `seconds`. */
async function load(metering: Metering, callers: readonly Caller[], concurrency: number) {
  const admits: number[] = [];
  const settles: number[] = [];
  const cpu = process.cpuUsage();
  const end = performance.now() + seconds * 1000;
  await Promise.all(
    Array.from({ length: concurrency }, async (_, i) => {
      const caller = callers[i % callers.length] as Caller;
      while (performance.now() < end) {
        const requestId = newId('request');
        const begin = performance.now();
        await metering.admit({
          ...caller,
          requestId,
          model,
          adapter: null,
          estimate: { promptTokens: 10, completionTokens: 20, gpuMicros: 5000 },
        });
        const admitted = performance.now();
        const usage = { promptTokens: 10, cachedTokens: 0, completionTokens: 12, gpuMicros: 4000, queueMicros: 0 };
        await metering.settle({ requestId, usage, outcome: 'stop' });
        admits.push(admitted - begin);
        settles.push(performance.now() - admitted);
      }
    }),
  );
  const { user, system } = process.cpuUsage(cpu);
  return {
    requests_per_second: Math.round(admits.length / seconds),
    admit_p50_ms: round(quantile(admits, 0.5)),
    admit_p99_ms: round(quantile(admits, 0.99)),
    settle_p50_ms: round(quantile(settles, 0.5)),
    process_cpu_us_per_request: Math.round((user + system) / admits.length),
  };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const samples: number[] = [];
  for (let i = 0; i < 3; i++) {
    const begin = performance.now();
    await work();
    samples.push(performance.now() - begin);
  }
  return Math.round(median(samples));
}

async function reads(handle: DatabaseHandle, callers: readonly Caller[]) {
  const orgId = tenantOf(callers[0]);
  const now = Date.now();
  const month = { orgId, from: now - 28 * 86_400_000, to: now } as const;
  let differences = -1;
  const result = {
    usage_by_hour_ms: await timed(() => usageSeries(handle.db, { ...month, bucket: 'hour', groupBy: 'key' })),
    usage_by_day_ms: await timed(() => usageSeries(handle.db, { ...month, bucket: 'day', groupBy: 'none' })),
    statement_ms: await timed(() => statementOf(handle.db, orgId, monthOf(new Date()), 'EUR')),
    reconcile_ms: await timed(async () => {
      differences = (await reconcile(handle.db)).differences.length;
    }),
  };
  return { ...result, differences };
}

const result: Record<string, unknown> = { seconds };
const only = process.argv.includes('--kind') ? process.argv[process.argv.indexOf('--kind') + 1] : null;
for (const [name, open] of databaseKinds.filter(([kind]) => only === null || kind === only)) {
  const handle = await open();
  try {
    const callers = await seedCallers(handle, 10);
    const metering = createMetering(handle);
    await load(createMetering(handle), callers, 8);
    const together = await load(metering, callers, 64);
    const alone = await load(createMetering(handle, { maxBatch: 1 }), callers, 64);
    result[name] = {
      one_caller: await load(metering, callers, 1),
      callers_64: together,
      callers_64_one_transaction_a_call: alone,
      gain: round(together.requests_per_second / alone.requests_per_second),
      ...(rows === 0 ? {} : await withHistory(handle)),
    };
    console.log(name, result[name]);
  } finally {
    await handle.close();
  }
}
printResult(result);

async function withHistory(handle: DatabaseHandle) {
  const callers = await seedCallers(handle, 10);
  await seedHistory(handle, callers, rows);
  const metering = createMetering(handle);
  return { rows, with_rows: { callers_64: await load(metering, callers, 64), ...(await reads(handle, callers)) } };
}
