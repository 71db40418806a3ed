/** The null engine as a process of its own: `node null-engine.ts <json options>`; joins the gateway that is named. */
import { startNullEngine } from '@parapet/gateway/null-engine';

const { gatewayUrl, ...options } = JSON.parse(process.argv[2] ?? '{}') as {
  gatewayUrl: string;
  workerToken: string;
  port: number;
  prefillMs: number;
  tokenMs: number;
};
const engine = await startNullEngine({ ...options, timed: true, heartbeatMs: 1_000 });
await engine.join(gatewayUrl);
console.log(engine.url);
