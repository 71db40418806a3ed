import { mkdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { Engine } from '@parapet/inference/engine';
import { openModel } from '@parapet/models/open';
import { modelParameters } from '@parapet/models/spec';
import { pino } from 'pino';
import { serveEnv } from '../env.ts';
import { ModelTaskLink } from '../model-tasks/model-task-link.ts';
import { ModelTasks } from '../model-tasks/model-tasks.ts';
import { GatewayLink } from './gateway-link.ts';
import { serveHttp } from './http-server.ts';
import { openDevice, type ServingDevice } from './open-device.ts';
import { Outbox } from './outbox.ts';
import { ServeWorker } from './serve-worker.ts';

/** How long running requests may go on after the signal to stop. */
const stopGraceMs = 5000;

const env = serveEnv();
const log = pino({ level: env.PARAPET_LOG_LEVEL, name: 'serve' });
const data = resolve(env.PARAPET_DATA);
mkdirSync(data, { recursive: true });

const { device, weights, kernels } = await deviceOrExit();
const model = await openModel(env.PARAPET_MODEL_DIR);
const link = new GatewayLink(env.PARAPET_GATEWAY_URL, env.PARAPET_WORKER_TOKEN, log);
const startedAt = performance.now();
const engine = await Engine.create({
  model,
  device,
  weights: env.PARAPET_WEIGHTS,
  weightsFolder: join(data, 'models', 'serving'),
  maxRows: env.PARAPET_MAX_ROWS,
  maxQueue: env.PARAPET_MAX_QUEUE,
  kvTokens: env.PARAPET_KV_TOKENS,
  adapterBytes: env.PARAPET_ADAPTER_BYTES,
  adapters: link.adapter,
  onFailure: (error) => log.error({ err: error }, 'the engine failed on a request'),
});
log.info(
  { device: device.name, weights, kernels, ms: Math.round(performance.now() - startedAt) },
  'the model is loaded',
);

const outbox = new Outbox(join(data, 'run', 'outbox'));
const worker = new ServeWorker(engine, outbox, {
  url: '',
  baseModel: {
    name: env.PARAPET_MODEL_NAME,
    digest: model.digest,
    contextTokens: model.spec.context,
    parameters: modelParameters(model.spec),
    weights,
  },
  device: { kind: device.kind, name: device.name },
  maxRows: env.PARAPET_MAX_ROWS,
  maxQueue: env.PARAPET_MAX_QUEUE,
  kvCapacityTokens: env.PARAPET_KV_TOKENS,
});
const tasks = new ModelTasks({
  link: new ModelTaskLink(env.PARAPET_GATEWAY_URL, env.PARAPET_WORKER_TOKEN),
  worker: `serve@${hostname()}`.slice(0, 128),
  baseDigest: model.digest,
  modelPath: resolve(env.PARAPET_MODEL_DIR),
  data,
  served: device.weightKind ?? env.PARAPET_WEIGHTS,
  log,
});
const server = serveHttp(worker, env.PARAPET_WORKER_TOKEN, log);
server.listen(env.PARAPET_WORKER_PORT, env.PARAPET_WORKER_HOST, () => {
  const { port } = server.address() as AddressInfo;
  worker.registration.url = `http://${env.PARAPET_WORKER_HOST}:${port}`;
  log.info({ url: worker.registration.url }, 'listening');
  link.start(worker);
  tasks.start();
});
server.on('error', (error) => {
  log.fatal({ err: error }, 'the port could not be opened');
  process.exit(1);
});

let stopping = false;
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  log.info('stopping');
  const ended = tasks.close();
  await worker.stop(stopGraceMs);
  await link.close(worker);
  await ended;
  server.closeAllConnections();
  process.exit(0);
}
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
process.on('disconnect', stop); // the parent is gone

/** Falling back to another device is never silent: it does not happen. */
async function deviceOrExit(): Promise<ServingDevice> {
  try {
    return await openDevice(env, join(data, 'models', 'kernels'));
  } catch (error) {
    log.fatal((error as Error).message);
    process.exit(2);
  }
}
