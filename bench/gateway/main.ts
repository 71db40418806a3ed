/**
 * What the gateway costs: added latency of streams at 100 at once, and metered requests a second, each with both
 * sides from this run. `npm run bench -- gateway [--json] [--seconds=10]`.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { canStartPostgres, openTestPostgresUrl } from '@parapet/db/testing';
import { printResult } from '../harness/report.ts';
import type { LoadJob, LoadResult } from './load.ts';
import { type Peer, startLiteLlm, startPortkey } from './peers.ts';
import { answerOf, firstLine, freePort, launchTsx, stop, stopAll, untilUp } from './processes.ts';
import { seedTenant } from './tenant.ts';

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const seconds = Number(process.argv.find((arg) => arg.startsWith('--seconds='))?.slice('--seconds='.length) ?? 10);
const model = 'smollm2-135m-instruct';
const workerToken = 'the-token-of-workers-in-this-benchmark-only';
const pace = { prefillMs: 20, tokenMs: 25 };
const streamBody = { model, messages: [{ role: 'user', content: 'Hello' }], max_tokens: 32, stream: true };
const wholeBody = { model, messages: [{ role: 'user', content: 'Hello' }], max_tokens: 8 };

async function load(job: Omit<LoadJob, 'seconds' | 'warmupSeconds'>): Promise<LoadResult> {
  const child = launchTsx(here('load.ts'));
  const text = await answerOf(child, JSON.stringify({ ...job, seconds, warmupSeconds: 2 } satisfies LoadJob));
  const result = JSON.parse(text) as LoadResult;
  const refused = Object.entries(result.refused);
  if (refused.length > 0) throw new Error(`${job.url} refused requests: ${JSON.stringify(result.refused)}`);
  return result;
}

const quantile = (values: number[], q: number) => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
};
const round = (value: number) => Number(value.toFixed(2));
/** Milliseconds of each request that the engine did not spend. */
const outside = ({ totalMs, engineMs }: LoadResult) => totalMs.map((total, i) => total - (engineMs[i] ?? 0));

async function main() {
  if (!canStartPostgres()) throw new Error('this benchmark wants PostgreSQL (initdb and pg_ctl) on this machine');
  const database = await openTestPostgresUrl('own');
  try {
    await measure(database.url);
  } finally {
    await stopAll();
    await database.drop();
  }
}

async function measure(databaseUrl: string) {
  const { apiKey } = await seedTenant(databaseUrl);
  const port = await freePort();
  const gatewayUrl = `http://127.0.0.1:${port}`;
  launchTsx(
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
  );
  await untilUp(`${gatewayUrl}/healthz`, 120_000);
  const ours = { url: gatewayUrl, path: '/v1/chat/completions', headers: { authorization: `Bearer ${apiKey}` } };

  const engineOf = async (options: object) => {
    const child = launchTsx(here('null-engine.ts'), [JSON.stringify({ gatewayUrl, workerToken, ...options })]);
    return { child, url: await firstLine(child) };
  };

  // Streams: the same pace straight from the engine, and through the gateway.
  const paced = await engineOf(pace);
  const direct = await load({
    url: paced.url,
    path: '/generate',
    headers: { authorization: `Bearer ${workerToken}` },
    body: directBody(32),
    concurrency: 100,
  });
  await untilUp(`${gatewayUrl}/readyz`, 30_000);
  const through = await load({ ...ours, body: streamBody, concurrency: 100 });
  await stop(paced.child);

  // Whole answers as fast as they go.
  const fast = await engineOf({ prefillMs: 0, tokenMs: 0 });
  await new Promise((resolve) => setTimeout(resolve, 5_000)); // the paced engine's row goes stale
  await untilUp(`${gatewayUrl}/readyz`, 30_000);
  const cpuBefore = await cpuSeconds(gatewayUrl);
  const whole = await load({ ...ours, body: wholeBody, concurrency: 64 });
  const cpuMs = (1000 * ((await cpuSeconds(gatewayUrl)) - cpuBefore)) / whole.served;
  await stop(fast.child);

  console.log(`Parapet: ${round(whole.requests / whole.seconds)} requests/s`);

  const upstream = await firstLine(launchTsx(here('null-upstream.ts'), [JSON.stringify({ prefillMs: 0, tokenMs: 0 })]));
  const rates: Record<string, number> = {};
  const peers = process.argv.includes('--without-peers')
    ? []
    : [() => startLiteLlm(upstream, model), () => startPortkey(upstream)];
  const measured: { peer: Peer; perSecond: number }[] = [];
  for (const start of peers) {
    const peer = await start().catch((error: Error) => console.error(error.message));
    if (!peer) continue;
    const result = await load({
      url: peer.url,
      path: peer.path,
      headers: peer.headers,
      body: wholeBody,
      concurrency: 64,
    });
    const perSecond = round(result.requests / result.seconds);
    measured.push({ peer, perSecond });
    rates[peer.name] = perSecond;
    console.log(`${peer.name}: ${perSecond} requests/s (${peer.note})`);
  }

  const requestsPerSecond = round(whole.requests / whole.seconds);
  // Only a peer that checks keys and limits does the same work.
  const metering = measured.find(({ peer }) => peer.name.startsWith('LiteLLM'));
  const forwarding = measured.find(({ peer }) => peer.name.startsWith('Portkey'));
  printResult({
    overhead_p50_ms: round(quantile(outside(through), 0.5) - quantile(outside(direct), 0.5)),
    overhead_p99_ms: round(quantile(outside(through), 0.99) - quantile(outside(direct), 0.99)),
    streams: through.requests,
    stream_tokens_per_second: round((through.requests * 32) / through.seconds),
    direct_outside_engine_p50_ms: round(quantile(outside(direct), 0.5)),
    direct_outside_engine_p99_ms: round(quantile(outside(direct), 0.99)),
    gateway_outside_engine_p50_ms: round(quantile(outside(through), 0.5)),
    gateway_outside_engine_p99_ms: round(quantile(outside(through), 0.99)),
    requests_per_second: requestsPerSecond,
    gateway_cpu_ms_per_request: round(cpuMs),
    request_p50_ms: round(quantile(whole.totalMs, 0.5)),
    request_p99_ms: round(quantile(whole.totalMs, 0.99)),
    vs_peer: metering ? round(requestsPerSecond / metering.perSecond) : null,
    vs_forwarding_peer: forwarding ? round(requestsPerSecond / forwarding.perSecond) : null,
    peers: rates,
  });
}

/** Processor time that the gateway has used so far: what a request costs, whatever else the machine does. */
async function cpuSeconds(gatewayUrl: string): Promise<number> {
  const text = await (await fetch(`${gatewayUrl}/metrics`)).text();
  return Number(/^parapet_gateway_process_cpu_seconds_total (\S+)/m.exec(text)?.[1]);
}

const directBody = (maxTokens: number) => ({
  requestId: 'direct',
  tenantId: 'direct',
  adapter: null,
  prompt: { kind: 'chat', messages: [{ role: 'user', content: 'Hello' }] },
  n: 1,
  maxTokens,
  sampling: {},
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void stopAll().then(() => process.exit(1)));
}

main().catch(async (error: unknown) => {
  console.error(error);
  await stopAll();
  process.exit(1);
});
