import { type Peer, startLiteLlm, startPortkey } from './peers.ts';
import { firstLine, launchTsx } from './processes.ts';
import { gatewayCpuSeconds, quantile, round, runLoad } from './run-load.ts';

const concurrency = 64;
const bodyOf = (model: string) => ({ model, messages: [{ role: 'user', content: 'Hello' }], max_tokens: 8 });

/** Whole answers a second as fast as they go: authenticated, limited, metered, against an engine that takes no time. */
export async function measureAnswers(setup: { gatewayUrl: string; apiKey: string; model: string; seconds: number }) {
  const { gatewayUrl, apiKey, model, seconds } = setup;
  const before = await gatewayCpuSeconds(gatewayUrl);
  const result = await runLoad({
    url: gatewayUrl,
    path: '/v1/chat/completions',
    headers: { authorization: `Bearer ${apiKey}` },
    body: bodyOf(model),
    concurrency,
    seconds,
    timed: false,
  });
  const cpu = (await gatewayCpuSeconds(gatewayUrl)) - before;
  return {
    requests_per_second: round(result.requests / result.seconds),
    gateway_cpu_ms_per_request: round((1000 * cpu) / result.served),
    request_p50_ms: round(quantile(result.totalMs, 0.5)),
    request_p99_ms: round(quantile(result.totalMs, 0.99)),
  };
}

/** The same requests through the peers. Only one that checks keys and limits does the same work. */
export async function measurePeers(setup: { here: string; model: string; seconds: number; ours: number }) {
  const { model, seconds, ours } = setup;
  const upstream = await firstLine(
    launchTsx(`${setup.here}/null-upstream.ts`, [JSON.stringify({ prefillMs: 0, tokenMs: 0 })]),
  );
  const measured: { peer: Peer; perSecond: number }[] = [];
  for (const start of [() => startLiteLlm(upstream, model), () => startPortkey(upstream)]) {
    const peer = await start().catch((error: Error) => console.error(error.message));
    if (!peer) continue;
    const { url, path, headers } = peer;
    const result = await runLoad({ url, path, headers, body: bodyOf(model), concurrency, seconds, timed: false });
    const perSecond = round(result.requests / result.seconds);
    measured.push({ peer, perSecond });
    console.log(`${peer.name}: ${perSecond} requests/s (${peer.note})`);
  }
  const metering = measured.find(({ peer }) => peer.name.startsWith('LiteLLM'));
  const forwarding = measured.find(({ peer }) => peer.name.startsWith('Portkey'));
  return {
    vs_peer: metering ? round(ours / metering.perSecond) : null,
    vs_forwarding_peer: forwarding ? round(ours / forwarding.perSecond) : null,
    peers: Object.fromEntries(measured.map(({ peer, perSecond }) => [peer.name, perSecond])),
  };
}
