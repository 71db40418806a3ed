/**
 * What the gateway costs: added latency of streams at 100 at once, and metered requests a second, each with both
 * sides from this run. `npm run bench -- gateway [--json] [--seconds=10] [--only=streams|answers] [--without-peers]
 * [--database=embedded] [--profile=<folder>]`: on Postgres unless told; the last keeps a CPU profile of the gateway.
 */
import { mkdtempSync, rmSync } from 'node:fs';
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
  if (option('database') === 'embedded') {
    const directory = mkdtempSync(join(tmpdir(), 'parapet-bench-pglite-'));
    try {
      printResult(await measure({ kind: 'pglite', directory }));
    } finally {
      await stopAll();
      rmSync(directory, { recursive: true, force: true });
    }
    return;
  }
  if (!canStartPostgres()) {
    throw new Error('This benchmark wants PostgreSQL (initdb and pg_ctl) on this machine, or --database=embedded.');
  }
  const database = await openTestPostgresUrl('own');
  try {
    printResult(await measure({ kind: 'postgres', url: database.url }));
  } finally {
    await stopAll();
    await database.drop();
  }
}

type Database = { kind: 'postgres'; url: string } | { kind: 'pglite'; directory: string };

async function measure(database: Database): Promise<Record<string, unknown>> {
  const { apiKey } = await seedTenant(database);
  const gateway = await startGateway(database);
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
    return { database: database.kind, ...streams };
  }
  if (only === null) await new Promise((resolve) => setTimeout(resolve, 5_000)); // until the paced engine's row is stale
  const answers = await withEngine({ prefillMs: 0, tokenMs: 0 }, () => measureAnswers(setup));
  await stop(gateway.child);
  console.log(`Parapet: ${answers.requests_per_second} requests/s`);
  const peers = process.argv.includes('--without-peers')
    ? {}
    : await measurePeers({ here: here('.'), model, seconds, ours: answers.requests_per_second });
  return { database: database.kind, ...streams, ...answers, ...peers };
}

async function startGateway(database: Database) {
  const port = await freePort();
  const folder = option('profile');
  const nodeArgs = folder === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`];
  const authSecret = 'a-secret-that-signs-sessions-here-only';
  const publicUrl = 'http://localhost:3000';
  const blobs = mkdtempSync(join(tmpdir(), 'parapet-bench-'));
  const env = (url: string) => ({
    PARAPET_PORT: String(port),
    PARAPET_HOST: '127.0.0.1',
    DATABASE_URL: url,
    PARAPET_WORKER_TOKEN: workerToken,
    PARAPET_AUTH_SECRET: authSecret,
    PARAPET_PUBLIC_URL: publicUrl,
    PARAPET_BLOBS_DIR: blobs,
    PARAPET_LOG_LEVEL: 'warn',
  });
  const embedded = (directory: string) =>
    JSON.stringify({ port, directory, blobs, workerToken, authSecret, publicUrl });
  const child =
    database.kind === 'postgres'
      ? launchTsx('src/main.ts', [], env(database.url), here('../../apps/gateway'), nodeArgs)
      : launchTsx(here('embedded-gateway.ts'), [embedded(database.directory)], {}, undefined, nodeArgs);
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
