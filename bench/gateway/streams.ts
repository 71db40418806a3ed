import type { LoadResult } from './load.ts';
import { gatewayCpuSeconds, machineCpuSeconds, quantile, round, runLoad, warmupSeconds } from './run-load.ts';

/** Mean length of a stream. */
const tokens = 32;
const concurrency = 100;

/** How much later than straight from the engine: a quantile of one against the same of the other. */
const added = (through: readonly number[], direct: readonly number[], q: number) =>
  round(quantile(through, q) - quantile(direct, q));

/**
 * What the gateway adds to a streamed completion, 100 at once: the same load straight to the engine and through the
 * gateway, one after the other. The engine writes its clock into its tokens, so that its own time is left out, and
 * so that what is added can be told apart: before the engine has the request (admission), to each token, and after
 * the last token (settlement). Client, engine, gateway and database share the machine.
 */
export async function measureStreams(setup: {
  gatewayUrl: string;
  apiKey: string;
  engineUrl: string;
  workerToken: string;
  model: string;
  seconds: number;
}): Promise<Record<string, number>> {
  const { gatewayUrl, engineUrl, seconds, model } = setup;
  const job = { concurrency, seconds, timed: true };
  const messages = [{ role: 'user', content: 'Hello' }];
  const direct = await runLoad({
    ...job,
    url: engineUrl,
    path: '/generate',
    headers: { authorization: `Bearer ${setup.workerToken}` },
    body: {
      requestId: 'direct',
      tenantId: 'direct',
      adapter: null,
      prompt: { kind: 'chat', messages },
      sampling: {},
    },
    vary: { field: 'maxTokens', mean: tokens },
  });
  const machine = machineCpuSeconds();
  const gateway = await gatewayCpuSeconds(gatewayUrl);
  const through: LoadResult = await runLoad({
    ...job,
    url: gatewayUrl,
    path: '/v1/chat/completions',
    headers: { authorization: `Bearer ${setup.apiKey}` },
    body: { model, messages, stream: true },
    vary: { field: 'max_tokens', mean: tokens },
  });
  const gatewayUsed = (await gatewayCpuSeconds(gatewayUrl)) - gateway;
  const machineUsed = machineCpuSeconds() - machine;
  return {
    overhead_p50_ms: added(through.outsideMs, direct.outsideMs, 0.5),
    overhead_p99_ms: added(through.outsideMs, direct.outsideMs, 0.99),
    before_engine_p50_ms: added(through.beforeMs, direct.beforeMs, 0.5),
    before_engine_p99_ms: added(through.beforeMs, direct.beforeMs, 0.99),
    token_p50_ms: added(through.tokenMs, direct.tokenMs, 0.5),
    token_p99_ms: added(through.tokenMs, direct.tokenMs, 0.99),
    after_engine_p50_ms: added(through.afterMs, direct.afterMs, 0.5),
    after_engine_p99_ms: added(through.afterMs, direct.afterMs, 0.99),
    direct_outside_engine_p50_ms: round(quantile(direct.outsideMs, 0.5)),
    direct_outside_engine_p99_ms: round(quantile(direct.outsideMs, 0.99)),
    streams: through.requests,
    stream_tokens_per_second: round((through.requests * tokens) / seconds),
    gateway_cpu_ms_per_stream: round((1000 * gatewayUsed) / through.served),
    busy_cores_streaming: round(machineUsed / (seconds + warmupSeconds)),
  };
}
