import { readFileSync } from 'node:fs';
import multipart from '@fastify/multipart';
import { collectGarbage } from '@parapet/adapter-store/collect';
import { maxFileBytes } from '@parapet/contracts/openai-files';
import { KeyAuthenticator } from '@parapet/control/api-keys';
import { prepareDatabase } from '@parapet/control/bootstrap';
import { type ControlServices, currencyOf } from '@parapet/control/context';
import { countPending } from '@parapet/control/counting';
import { failLostModelTasks } from '@parapet/control/queue/model-tasks';
import { requeueExpiredLeases } from '@parapet/control/queue/requeue';
import { warnOfQuota } from '@parapet/control/quota-warnings';
import { createSecretBox } from '@parapet/control/secret-box';
import { deliverWebhooks } from '@parapet/control/webhooks';
import { type DatabaseConfig, type DatabaseHandle, openDatabase } from '@parapet/db/client';
import { migrate } from '@parapet/db/migrate';
import { issueDueStatements } from '@parapet/metering/issue-due';
import { createMetering } from '@parapet/metering/metering';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { DestinationStream, Logger } from 'pino';
import { adapterChecker } from './adapter-check.ts';
import { type AuthConfig, createAuth } from './auth/auth.ts';
import { createFirstAdmin, type FirstAdmin } from './auth/first-admin.ts';
import { forgetSignIns } from './auth/forget-sign-ins.ts';
import { allowedOrigins, refuseForeignOrigin } from './auth/origin.ts';
import { registerAuth } from './auth/register-auth.ts';
import { registerProvider } from './auth/register-provider.ts';
import { SessionAuthenticator } from './auth/session.ts';
import { type BlobConfig, openBlobs } from './blobs.ts';
import { createApp } from './http/app.ts';
import { authenticate } from './http/authenticate.ts';
import { addEndpoint } from './http/endpoint.ts';
import { forgetIdempotencyKeys } from './http/idempotency.ts';
import { createLogger } from './http/log.ts';
import { describeApi } from './http/openapi.ts';
import type { RouteTable } from './http/routes.ts';
import { addBlobRoutes } from './internal/blobs.ts';
import { addModelTaskRoutes } from './internal/model-tasks.ts';
import { addServeWorkerRoutes } from './internal/serve-workers.ts';
import { addTrainJobRoutes } from './internal/train-jobs.ts';
import { requireWorkerToken } from './internal/worker-token.ts';
import { startMaintenance } from './maintenance.ts';
import { Metrics } from './metrics.ts';
import { addOperationRoutes } from './operations.ts';
import type { GatewayServices } from './services.ts';
import { CostEstimator } from './serving/cost-estimator.ts';
import { Fleet } from './serving/fleet.ts';
import { Headroom } from './serving/headroom.ts';
import { ModelDirectory } from './serving/model-directory.ts';
import { promptVectors } from './serving/prompt-vectors.ts';
import { lookUpModel } from './serving/resolve-model.ts';
import { SettledRequests } from './serving/settled-requests.ts';
import { WorkerRegistry } from './serving/worker-registry.ts';
import { ThreadedTokenizer } from './tokenizer/threaded-tokenizer.ts';
import { registerTrpc } from './trpc/register-trpc.ts';
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
  /** More origins whose pages may call with a session cookie. */
  trustedOrigins?: readonly string[];
  signUp?: AuthConfig['signUp'];
  oidc?: AuthConfig['oidc'];
  /** Folder of the base model's files, for its tokenizer; without it data sets stay without token counts. */
  modelDir?: string;
  /** Whether webhooks may go to addresses inside this network: only where everyone who signs in is trusted with it. */
  webhooksInside?: boolean;
  /** ISO 4217 code of the price list. */
  currency?: string;
  /** Whose forwarded addresses are believed: everyone's, nobody's, or these proxies'. */
  trustProxy?: boolean | string[];
  logLevel?: string;
  logDestination?: DestinationStream;
}

export interface Gateway {
  app: FastifyInstance;
  routes: RouteTable;
  services: GatewayServices;
  /** The first admin's sign-in: only from the very first start, for it is kept nowhere else. */
  adminSignIn: FirstAdmin | null;
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
/** Stored content that nothing refers to may still be about to be referred to for so long. */
const keepUnreferencedMs = 60 * 60 * 1000;

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
  const metering = createMetering(database);
  const tokenizer = config.modelDir === undefined ? null : new ThreadedTokenizer(config.modelDir);
  const { currency, publicUrl } = config;
  const control: ControlServices = {
    database,
    blobs,
    metering,
    tokenizer,
    checkAdapter: config.modelDir === undefined ? undefined : adapterChecker(config.modelDir),
    secrets: createSecretBox(config.authSecret),
    webhooksInside: config.webhooksInside,
    now: () => new Date(),
    currency,
  };
  await prepareDatabase(control);
  const adminSignIn = await createFirstAdmin(control);
  const keys = new KeyAuthenticator(control);
  const { authSecret: secret, trustedOrigins, signUp = 'open', oidc = null } = config;
  const people = { secret, publicUrl, trustedOrigins, signUp };
  const auth = createAuth(control, people);
  const sessions = new SessionAuthenticator(auth, control);
  const allowed = allowedOrigins(publicUrl, trustedOrigins);
  const session = ({ headers, method }: FastifyRequest) => {
    if (method !== 'GET') refuseForeignOrigin(headers, allowed);
    return sessions.authenticate(headers);
  };
  const models = new ModelDirectory(lookUpModel);
  const estimator = new CostEstimator();
  control.promptVectors = promptVectors({ fleet, metering, estimator });
  const services: GatewayServices = {
    control,
    metering,
    fleet,
    metrics: new Metrics(() => fleet),
    estimator,
    headroom: new Headroom(),
    settled: new SettledRequests(),
    log,
    authenticate: (request) => authenticate(request, { keys, session }),
    resolveModel: (context, name) => models.resolve(context, name),
    forgetModel: (name) => models.forget(name),
  };

  const { app, routes } = createApp(log, config.trustProxy ?? false);
  app.addHook('onResponse', async (request, reply) => {
    services.metrics.httpRequests.inc({ route: request.routeOptions.url ?? 'none', status: reply.statusCode });
  });
  const isReady = () => fleet.live().some((worker) => !worker.heartbeat.draining);
  // Control refuses a file that is too large; the limit here is one it never reaches.
  await app.register(multipart, { limits: { fileSize: 2 * maxFileBytes } });
  addOperationRoutes(app, services, isReady);
  for (const definition of endpoints) addEndpoint(app, services, definition);
  const description = describeApi(endpoints, version);
  app.get('/openapi.json', async () => description);
  registerAuth(app, auth, { publicUrl, allowed, metering });
  if (oidc) {
    const onProblem = (problem: string) => log.warn({ problem }, 'sign-in by the identity provider');
    const byProvider = createAuth(control, { ...people, oidc, onProblem });
    registerProvider(app, byProvider, { publicUrl, allowed, metering });
  }
  const signIn = { signUp, provider: oidc && { name: oidc.name } };
  await registerTrpc(app, { services: control, sessions, allowed, signIn, log });
  await app.register(async (internal) => {
    internal.addHook('onRequest', requireWorkerToken(config.workerToken));
    addServeWorkerRoutes(internal, services, registry);
    addTrainJobRoutes(internal, services);
    addModelTaskRoutes(internal, services);
    addBlobRoutes(internal, blobs);
  });
  const stopMaintenance = startMaintenance(
    [
      { name: 'expire holds', everyMs: 5_000, run: () => metering.sweepExpired() },
      { name: 'prune holds', everyMs: 600_000, run: () => metering.pruneHolds(new Date(Date.now() - keepHoldsMs)) },
      { name: 'deliver webhooks', everyMs: 1_000, run: () => deliverWebhooks(control) },
      { name: 'warn of quotas', everyMs: 60_000, run: () => warnOfQuota(control) },
      { name: 'requeue lost jobs', everyMs: 5_000, run: () => requeueExpiredLeases(control) },
      { name: 'fail lost model tasks', everyMs: 5_000, run: () => failLostModelTasks(control) },
      {
        name: 'collect garbage',
        everyMs: 900_000,
        run: () => collectGarbage({ handle: database, store: blobs }, { graceMs: keepUnreferencedMs }),
      },
      {
        name: 'issue statements',
        everyMs: 3_600_000,
        run: () => issueDueStatements(database, { currency: currencyOf(control) }),
      },
      { name: 'forget workers', everyMs: 30_000, run: () => registry.sweep() },
      { name: 'forget sign-ins', everyMs: 900_000, run: () => forgetSignIns(database) },
      { name: 'forget idempotency keys', everyMs: 300_000, run: () => forgetIdempotencyKeys(database) },
    ],
    log,
  );
  // What a gateway that died left uncounted; nothing waits for it.
  void countPending(control).catch((error: unknown) => log.error({ err: error }, 'data sets could not be counted'));
  return {
    app,
    routes,
    services,
    adminSignIn,
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
      await tokenizer?.close();
      blobs.close();
      await database.close();
    },
  };
}
