import { readFileSync } from 'node:fs';
import { KeyAuthenticator } from '@parapet/control/api-keys';
import { type DatabaseConfig, type DatabaseHandle, openDatabase } from '@parapet/db/client';
import { migrate } from '@parapet/db/migrate';
import { createMetering } from '@parapet/metering/metering';
import type { FastifyInstance } from 'fastify';
import type { DestinationStream, Logger } from 'pino';
import { type BlobConfig, openBlobs } from './blobs.ts';
import { createApp } from './http/app.ts';
import { authenticate } from './http/authenticate.ts';
import { addEndpoint } from './http/endpoint.ts';
import { forgetIdempotencyKeys } from './http/idempotency.ts';
import { createLogger } from './http/log.ts';
import { describeApi } from './http/openapi.ts';
import type { RouteTable } from './http/routes.ts';
import { addBlobRoutes } from './internal/blobs.ts';
import { addServeWorkerRoutes } from './internal/serve-workers.ts';
import { requireWorkerToken } from './internal/worker-token.ts';
import { startMaintenance } from './maintenance.ts';
import { Metrics } from './metrics.ts';
import { addOperationRoutes } from './operations.ts';
import type { GatewayServices } from './services.ts';
import { CostEstimator } from './serving/cost-estimator.ts';
import { Fleet } from './serving/fleet.ts';
import { ModelDirectory } from './serving/model-directory.ts';
import { lookUpModel } from './serving/resolve-model.ts';
import { WorkerRegistry } from './serving/worker-registry.ts';
import { endpoints } from './v1/endpoints.ts';

export interface GatewayConfig {
  database: DatabaseConfig;
  blobs: BlobConfig;
  /** The secret that workers carry. */
  workerToken: string;
  /** Signs sessions. */
  authSecret: string;
  /** Where people reach the portal. */
  publicUrl: string;
  /** Believe forwarded headers: only behind a proxy that sets them. */
  trustProxy?: boolean;
  logLevel?: string;
  logDestination?: DestinationStream;
}

export interface Gateway {
  app: FastifyInstance;
  routes: RouteTable;
  services: GatewayServices;
  /** Starts to listen; answers the base URL. */
  listen(at: { port: number; host: string }): Promise<string>;
  /** An engine is live: what /readyz says, the database apart. */
  isReady(): boolean;
  /** Takes no new requests, waits for the running ones, then closes the database. */
  close(): Promise<void>;
}

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** How long running requests may go on after a close. */
const closeGraceMs = 30_000;
/** Every hold closed for longer is removed: the ledger has its entries. */
const keepHoldsMs = 24 * 60 * 60 * 1000;

/** Puts the gateway together: database, ledger, fleet, control plane, routes. Nothing listens yet. */
export async function createGateway(config: GatewayConfig): Promise<Gateway> {
  const log = createLogger(config.logLevel ?? 'info', config.logDestination);
  const database = await openDatabase(config.database);
  try {
    await migrate(database);
    const blobs = await openBlobs(config.blobs);
    const registry = new WorkerRegistry(database);
    const fleet = new Fleet({
      load: () => registry.list(),
      workerToken: config.workerToken,
      onError: (error) => log.error({ err: error }, 'the registry of workers could not be read'),
    });
    await fleet.start();
    return assemble(config, { log, database, blobs, registry, fleet });
  } catch (error) {
    await database.close();
    throw error;
  }
}

interface Parts {
  log: Logger;
  database: DatabaseHandle;
  blobs: Awaited<ReturnType<typeof openBlobs>>;
  registry: WorkerRegistry;
  fleet: Fleet;
}

async function assemble(config: GatewayConfig, parts: Parts): Promise<Gateway> {
  const { log, database, blobs, registry, fleet } = parts;
  const control = { database, now: () => new Date() };
  const metering = createMetering(database);
  const keys = new KeyAuthenticator(control);
  const models = new ModelDirectory(lookUpModel);
  const services: GatewayServices = {
    control,
    metering,
    fleet,
    metrics: new Metrics(() => fleet),
    estimator: new CostEstimator(),
    log,
    authenticate: (request) => authenticate(request, { keys, session: async () => null }),
    resolveModel: (context, name) => models.resolve(context, name),
  };

  const { app, routes } = createApp(log, config.trustProxy ?? false);
  const isReady = () => fleet.live().some((worker) => !worker.heartbeat.draining);
  addOperationRoutes(app, services, isReady);
  for (const definition of endpoints) addEndpoint(app, services, definition);
  const description = describeApi(endpoints, version);
  app.get('/openapi.json', async () => description);
  await app.register(async (internal) => {
    internal.addHook('onRequest', requireWorkerToken(config.workerToken));
    addServeWorkerRoutes(internal, services, registry);
    addBlobRoutes(internal, blobs);
  });
  const stopMaintenance = startMaintenance(
    [
      { name: 'expire holds', everyMs: 5_000, run: () => metering.sweepExpired() },
      { name: 'prune holds', everyMs: 600_000, run: () => metering.pruneHolds(new Date(Date.now() - keepHoldsMs)) },
      { name: 'forget workers', everyMs: 30_000, run: () => registry.sweep() },
      { name: 'forget idempotency keys', everyMs: 300_000, run: () => forgetIdempotencyKeys(database) },
    ],
    log,
  );
  return {
    app,
    routes,
    services,
    listen: (at) => app.listen(at),
    isReady,
    close: async () => {
      const impatient = setTimeout(() => app.server.closeAllConnections(), closeGraceMs);
      await app.close();
      clearTimeout(impatient);
      await stopMaintenance();
      await metering.drain();
      await keys.close();
      await fleet.close();
      blobs.close();
      await database.close();
    },
  };
}
