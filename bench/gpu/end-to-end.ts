import { fileURLToPath } from 'node:url';
import type { AdapterConfig } from '@parapet/contracts/adapter';
import { answerOf, launchTsx } from '../gateway/processes.ts';
import { type FleetOptions, FleetUnderTest, type Tenant } from './fleet-under-test.ts';
import { type StreamJob, type StreamRun, slotMs } from './stream-run.ts';

const config: AdapterConfig = {
  ...{ method: 'para', targets: 'qvu', bias: false, rank: 12, pooler: 'mean', activation: 'gelu' },
};

export interface EndToEndFigures {
  rows: number;
  gateways: number;
  /** Tokens a second that reached clients while all streams were running. */
  tokensPerSecond: number;
  /** Milliseconds of that window. */
  windowMs: number;
  /** From the first request to the last token, prompts included. */
  wholeTokensPerSecond: number;
  tokens: number;
  /** Content chunks a token: 1 = each token came in a chunk of its own. */
  chunksPerToken: number;
  firstTokenMsP50: number;
  firstTokenMsP99: number;
  refused: string[];
}

/** `rows` streams of distinct tenants at once through all gateways, from `clients` processes. */
export async function streamRound(
  fleet: FleetUnderTest,
  tenants: readonly Tenant[],
  { rows, clients, maxTokens, round }: { rows: number; clients: number; maxTokens: number; round: number },
): Promise<EndToEndFigures> {
  const jobs = Array.from({ length: clients }, (_, i): StreamJob => {
    const own = Array.from({ length: rows }, (_, row) => row).filter((row) => row % clients === i);
    return {
      url: fleet.urls[i % fleet.urls.length]!,
      maxTokens,
      streams: own.map((row) => {
        const { key, model } = tenants[row % tenants.length]!;
        const prompt = `Round ${round}, letter ${row}. Tell a long story about a harbour, its ships, and the people there.`;
        return { key, model, prompt };
      }),
    };
  });
  const answers = await Promise.all(
    jobs.map((job) =>
      answerOf(launchTsx(fileURLToPath(new URL('stream-load.ts', import.meta.url))), JSON.stringify(job)),
    ),
  );
  const runs = answers.flatMap((text) => JSON.parse(text) as StreamRun[]);
  return figures(runs, rows, fleet.urls.length);
}

function figures(runs: readonly StreamRun[], rows: number, gateways: number): EndToEndFigures {
  const good = runs.filter(({ refused }) => refused === null);
  // Whole slots in which every stream was running.
  const from = Math.ceil(Math.max(...good.map(({ firstAt }) => firstAt)) / slotMs);
  const until = Math.floor(Math.min(...good.map(({ lastAt }) => lastAt)) / slotMs);
  let inWindow = 0;
  for (const { slots, tokens, chunks } of good) {
    for (const [slot, count] of Object.entries(slots)) {
      if (Number(slot) >= from && Number(slot) < until) inWindow += (count * tokens) / chunks;
    }
  }
  const windowMs = Math.max(0, (until - from) * slotMs);
  const sum = (of: (run: StreamRun) => number) => good.reduce((total, run) => total + of(run), 0);
  const seconds =
    (Math.max(...good.map(({ lastAt }) => lastAt)) - Math.min(...good.map(({ askedAt }) => askedAt))) / 1000;
  const waits = good.map(({ askedAt, firstAt }) => firstAt - askedAt).sort((a, b) => a - b);
  return {
    ...{ rows, gateways, windowMs, tokensPerSecond: windowMs === 0 ? 0 : (inWindow * 1000) / windowMs },
    ...{ wholeTokensPerSecond: sum(({ tokens }) => tokens) / seconds, tokens: sum(({ tokens }) => tokens) },
    chunksPerToken:
      sum(({ chunks }) => chunks) /
      Math.max(
        1,
        sum(({ tokens }) => tokens),
      ),
    firstTokenMsP50: waits[waits.length >> 1] ?? 0,
    firstTokenMsP99: waits[Math.floor(waits.length * 0.99)] ?? 0,
    refused: runs.flatMap(({ refused }) => refused ?? []).slice(0, 5),
  };
}

export interface MeteringFigures {
  /** Booked on the one tenant that called, in microseconds. */
  tenantMicros: number;
  /** What the device was busy in that time, by the worker's steps. */
  deviceMicros: number;
  requests: number;
  /** A tenant with one GPU-second a month: what was booked when it was refused, and the refusal. */
  quotaMicros: number;
  quotaRequests: number;
  quotaRefusal: string;
}

/** One tenant alone: what it is billed against what the device did. Then a small quota, until it holds. */
export async function meteringRound(
  fleet: FleetUnderTest,
  { streams, maxTokens }: { streams: number; maxTokens: number },
): Promise<MeteringFigures> {
  const tenant = await fleet.tenant(config, 7001);
  const ask = async (one: Tenant, length: number, repeats: number) => {
    const job: StreamJob = {
      url: fleet.urls[0]!,
      maxTokens: length,
      repeats,
      streams: Array.from({ length: streams }, (_, i) => ({
        ...{ key: one.key, model: one.model, prompt: `Question ${i}: what is a lighthouse for?` },
      })),
    };
    const child = launchTsx(fileURLToPath(new URL('stream-load.ts', import.meta.url)));
    return JSON.parse(await answerOf(child, JSON.stringify(job))) as StreamRun[];
  };
  await new Promise((resolve) => setTimeout(resolve, 2500)); // what ran before is in a heartbeat that was seen
  const device = fleet.watchDevice();
  await ask(tenant, maxTokens, 1);
  const deviceMicros = await device();
  const { gpuMicros: tenantMicros, requests } = await fleet.metered(tenant.id);
  const small = await fleet.tenant(config, 7002, { gpuSecondsPerMonth: 1 });
  const runs = await ask(small, 16, 80);
  const quotaRefusal = runs.find(({ refused }) => refused !== null)?.refused ?? 'none';
  await new Promise((resolve) => setTimeout(resolve, 1500)); // what ran when the first was refused is settled
  const { gpuMicros: quotaMicros } = await fleet.metered(small.id);
  return { tenantMicros, deviceMicros, requests, quotaMicros, quotaRequests: runs.length, quotaRefusal };
}

/** Starts the platform with some gateways, gives every row a tenant with its own adapter, and measures. */
export async function endToEnd(
  options: FleetOptions,
  rowCounts: readonly number[],
  { clients, tokens, tenants: count }: { clients: number; tokens: (rows: number) => number; tenants: number },
  note: (values: Record<string, unknown>) => void,
): Promise<void> {
  const fleet = await FleetUnderTest.start(options);
  try {
    const tenants: Tenant[] = [];
    for (let i = 0; i < count; i++) tenants.push(await fleet.tenant(config, i + 100));
    let round = 0;
    for (const rows of rowCounts) {
      for (let repeat = 0; repeat < 2; repeat++) {
        const figures = await streamRound(fleet, tenants, { rows, clients, maxTokens: tokens(rows), round: round++ });
        note({ [`gateway_${options.gateways}x_${rows}_rows_${repeat}`]: figures });
      }
    }
    note({ metering: await meteringRound(fleet, { streams: 8, maxTokens: tokens(8) }) });
  } finally {
    await fleet.stop();
  }
}
