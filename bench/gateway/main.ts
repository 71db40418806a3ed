/**
 * What the gateway costs: added latency of streams at 100 at once, and metered requests a second, each with both
 * sides from this run. `npm run bench -- gateway [--json] [--seconds=10] [--only=streams|answers] [--without-peers]
 * [--profile=<folder>]`; the last keeps a CPU profile of the gateway.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { canStartPostgres, openTestPostgresUrl } from '@parapet/db/testing';
import { printResult } from '../harness/report.ts';
import { measureAnswers, measurePeers } from './answers.ts';
import { firstLine, freePort, launchTsx, stop, stopAll, untilUp } from './processes.ts';
import { measureStreams } from './streams.ts';
import { seedTenant } from './tenant.ts';

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const option = (name: string) =>
  process.argv.find((arg) => arg.startsWith(`--${name}=`))?.slice(`--${name}=`.length) ?? null;
const seconds = Number(option('seconds') ?? 10);
const only = option('only');
const model = 'smollm2-135m-instruct';
const workerToken = 'the-token-of-workers-in-this-benchmark-only';

async function main() {
  if (!canStartPostgres()) throw new Error('this benchmark wants PostgreSQL (initdb and pg_ctl) on this machine');
  const database = await openTestPostgresUrl('own');
  try {
    printResult(await measure(database.url));
  } finally {
    await stopAll();
    await database.drop();
  }
}

async function measure(databaseUrl: string): Promise<Record<string, unknown>> {
  const { apiKey } = await seedTenant(databaseUrl);
  const gateway = await startGateway(databaseUrl);
  const setup = { gatewayUrl: gateway.url, apiKey, workerToken, model, seconds };
  const withEngine = async <T>(
    pace: { prefillMs: number; tokenMs: number },
    work: (engineUrl: string) => Promise<T>,
  ) => {
    const options = { gatewayUrl: gateway.url, workerToken, ...pace };
    const engine = launchTsx(here('null-engine.ts'), [JSON.stringify(options)]);
    const engineUrl = await firstLine(engine);
    await untilUp(`${gateway.url}/readyz`, 30_000);
    const result = await work(engineUrl);
    await stop(engine);
    return result;
  };

  const streams =
    only === 'answers'
      ? {}
      : await withEngine({ prefillMs: 20, tokenMs: 25 }, (engineUrl) => measureStreams({ ...setup, engineUrl }));
  if (only === 'streams') {
    await stop(gateway.child);
    return streams;
  }
  if (only === null) await new Promise((resolve) => setTimeout(resolve, 5_000)); // until the paced engine's row is stale
  const answers = await withEngine({ prefillMs: 0, tokenMs: 0 }, () => measureAnswers(setup));
  await stop(gateway.child);
  console.log(`Parapet: ${answers.requests_per_second} requests/s`);
  const peers = process.argv.includes('--without-peers')
    ? {}
    : await measurePeers({ here: here('.'), model, seconds, ours: answers.requests_per_second });
  return { ...streams, ...answers, ...peers };
}

async function startGateway(databaseUrl: string) {
  const port = await freePort();
  const folder = option('profile');
  const child = launchTsx(
    'src/main.ts',
    [],
    {
      PARAPET_PORT: String(port),
      PARAPET_HOST: '127.0.0.1',
      DATABASE_URL: databaseUrl,
      PARAPET_WORKER_TOKEN: workerToken,
      PARAPET_AUTH_SECRET: 'a-secret-that-signs-sessions-here-only',
      PARAPET_PUBLIC_URL: 'http://localhost:3000',
      PARAPET_BLOBS_DIR: mkdtempSync(join(tmpdir(), 'parapet-bench-')),
      PARAPET_LOG_LEVEL: 'warn',
    },
    here('../../apps/gateway'),
    folder === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`],
  );
  const url = `http://127.0.0.1:${port}`;
  await untilUp(`${url}/healthz`, 120_000);
  return { child, url };
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void stopAll().then(() => process.exit(1)));
}

main().catch(async (error: unknown) => {
  console.error(error);
  await stopAll();
  process.exit(1);
});
