import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openModel } from '@parapet/models/open';
import pino from 'pino';
import { trainEnv } from '../env.ts';
import { stopSignal } from '../stop-signal.ts';
import { GatewayClient } from './gateway-client.ts';
import { openTrainingDevice, type TrainingDevice } from './open-training-device.ts';
import { runJob } from './run-job.ts';

/** The train worker: one job at a time, for as long as it lives. */
const env = trainEnv();
const log = pino({ level: env.PARAPET_LOG_LEVEL });
const training = deviceOrExit();
const stop = stopSignal();
const client = new GatewayClient(env.PARAPET_GATEWAY_URL, env.PARAPET_WORKER_TOKEN);
const model = await openModel(env.PARAPET_MODEL_DIR);
const identity = {
  workerName: `${env.PARAPET_WORKER_NAME}@${hostname()}`.slice(0, 128),
  device: { kind: training.kind, name: training.name },
  baseDigests: [model.digest],
};
log.info({ base: model.digest, device: identity.device }, 'train worker is ready');

while (!stop.aborted) {
  aliveOrExit();
  try {
    const lease = await client.lease(identity, stop);
    if (lease === null) {
      await sleep(env.PARAPET_LEASE_INTERVAL * 1000, undefined, { signal: stop });
      continue;
    }
    log.info({ jobId: lease.jobId, resumeFrom: lease.resumeFrom?.step ?? null }, 'job leased');
    await runJob(lease, {
      client,
      model,
      dataDir: resolve(env.PARAPET_DATA),
      training,
      log,
      stop,
    });
  } catch (error) {
    if (stop.aborted) break;
    log.error({ err: error }, 'a look for work failed; trying again');
    await sleep(2000, undefined, { signal: stop }).catch(() => undefined);
  }
}
model.weights.close();
log.info('train worker has stopped');
process.exit(0);

/** A card whose context broke answers nothing any more: a new process gets a new one. */
function aliveOrExit(): void {
  try {
    training.accelerator?.freeMemoryBytes();
  } catch (error) {
    log.fatal({ err: error }, 'the card does not answer: this worker ends, to be started again');
    process.exit(1);
  }
}

function deviceOrExit(): TrainingDevice {
  try {
    return openTrainingDevice(env);
  } catch (error) {
    log.fatal((error as Error).message);
    process.exit(2);
  }
}
