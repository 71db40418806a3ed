import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inheritedEnv, platformEnv } from '../env.ts';
import { createGateway, type Gateway } from '../server.ts';
import { Child, type ChildSpec } from './child.ts';
import { LogFile } from './log-file.ts';
import { buildPortal } from './portal-build.ts';
import { checkDataFolder, checkModelFolder, checkPort } from './preflight.ts';
import { secretOf } from './secret.ts';

const root = fileURLToPath(new URL('../../../..', import.meta.url));

export interface PlatformOptions {
  /** Everything that lasts: database, blobs, secrets, logs. */
  dataDir: string;
  /** Folder of the base model's files. */
  modelDir: string;
  gatewayPort?: number;
  portalPort?: number;
  /** Interface both listen on; this machine only unless told. */
  host?: string;
  /** Where people reach the portal, if not at this machine's own name. */
  publicUrl?: string;
  /** Threads of each worker; all cores unless told. */
  threads?: number;
  /** Processes to leave out (a test may want fewer). */
  without?: readonly ('serve' | 'train' | 'portal')[];
  /** More environment for the workers. */
  workerEnv?: Record<string, string>;
  logLevel?: string;
  /** Told, in a sentence, what takes time and what went wrong. */
  onProgress?: (sentence: string) => void;
}

export interface Platform {
  urls: { gateway: string; portal: string | null };
  /** The first admin's sign-in: only from the very first start, for it is kept nowhere else. */
  adminSignIn: { email: string; password: string } | null;
  gateway: Gateway;
  /** Resolves when a serve worker is live, or throws after `timeoutMs`. */
  ready(timeoutMs?: number): Promise<void>;
  /** Stops every process, then the gateway, then closes the database. */
  close(): Promise<void>;
}

/**
 * Starts the whole platform on one machine: the gateway in this process with PGlite and files, and a serve worker, a
 * train worker and the portal as children that are restarted when they crash.
 * @throws StartProblem with one sentence for what the person at the machine has to put right.
 */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const { gatewayPort = 8787, portalPort = 3000, host = '127.0.0.1', without = [], onProgress = () => {} } = options;
  const dataDir = resolve(options.dataDir);
  const logs = join(dataDir, 'logs');
  const { publicUrl, signUp, oidc } = platformEnv();
  await checkDataFolder(dataDir);
  await checkPort(gatewayPort, host, 'gateway', 'PARAPET_PORT');
  if (!without.includes('portal')) await checkPort(portalPort, host, 'portal', 'PARAPET_PORTAL_PORT');
  if (!without.includes('serve') || !without.includes('train')) await checkModelFolder(options.modelDir);

  const workerToken = await secretOf(dataDir, 'worker-token');
  const gatewayLog = new LogFile(join(logs, 'gateway.log'));
  const portalUrl = `http://${publicHost(host)}:${portalPort}`;
  const children: Child[] = [];
  const stopChildren = () => Promise.all(children.map((child) => child.stop()));

  const gateway = await createGateway({
    database: { kind: 'pglite', directory: join(dataDir, 'pglite') },
    blobs: { kind: 'files', directory: join(dataDir, 'blobs') },
    workerToken,
    authSecret: await secretOf(dataDir, 'auth-secret'),
    publicUrl: options.publicUrl ?? publicUrl ?? portalUrl,
    signUp,
    oidc,
    // The same machine to its owner, whichever name stands in the address bar.
    trustedOrigins: [portalUrl, `http://localhost:${portalPort}`, `http://127.0.0.1:${portalPort}`],
    modelDir: resolve(options.modelDir),
    // Reachable from this machine only: whoever signs in could call these addresses anyway.
    webhooksInside: host === '127.0.0.1',
    logLevel: options.logLevel ?? 'info',
    logDestination: gatewayLog,
  });
  try {
    const gatewayUrl = await gateway.listen({ port: gatewayPort, host });
    const spec = (name: string, args: string[], cwd: string, env: Record<string, string>): ChildSpec => ({
      name,
      args,
      cwd,
      env: { ...inheritedEnv(), ...env },
      logFile: join(logs, `${name}.log`),
    });
    const launch = (child: ChildSpec) => {
      const one = new Child(child);
      one.on('crash', ({ code, signal, inMs, lastLines }) => {
        const last = lastLines.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
        onProgress(
          `The ${child.name} process ended (${signal ?? `code ${code}`}${last && `: ${last}`}) and starts again in ${inMs / 1000} s; ${child.logFile} has the rest.`,
        );
      });
      one.start();
      children.push(one);
    };
    const workerEnv = {
      PARAPET_GATEWAY_URL: gatewayUrl,
      PARAPET_WORKER_TOKEN: workerToken,
      PARAPET_MODEL_DIR: resolve(options.modelDir),
      PARAPET_DATA: dataDir,
      ...(options.threads !== undefined && { PARAPET_THREADS: String(options.threads) }),
      ...options.workerEnv,
    };
    for (const kind of ['serve', 'train'] as const) {
      if (without.includes(kind)) continue;
      const entry = join(root, 'apps', 'worker', 'src', kind, 'main.ts');
      launch(spec(`worker-${kind}`, ['--import', 'tsx', entry], join(root, 'apps', 'worker'), workerEnv));
    }
    if (!without.includes('portal')) {
      const portal = await buildPortal({
        root,
        logFile: join(logs, 'portal-build.log'),
        onStart: () => onProgress('Building the portal; this happens once and takes about half a minute.'),
      });
      const env = { GATEWAY_URL: gatewayUrl, PORT: String(portalPort), HOSTNAME: host, NODE_ENV: 'production' };
      launch(spec('portal', [portal.entry], portal.cwd, env));
    }
    return {
      urls: { gateway: gatewayUrl, portal: without.includes('portal') ? null : portalUrl },
      adminSignIn: gateway.adminSignIn,
      gateway,
      ready: (timeoutMs = 180_000) => untilReady(gateway, timeoutMs, join(logs, 'worker-serve.log')),
      close: async () => {
        await stopChildren();
        await gateway.close();
        gatewayLog.close();
      },
    };
  } catch (error) {
    await stopChildren();
    await gateway.close();
    gatewayLog.close();
    throw error;
  }
}

const publicHost = (host: string) => (host === '0.0.0.0' || host === '::' ? 'localhost' : host);

async function untilReady(gateway: Gateway, timeoutMs: number, logFile: string): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!gateway.isReady()) {
    if (Date.now() > end) {
      throw new Error(`No serve worker came up within ${timeoutMs / 1000} s; ${logFile} says why.`);
    }
    await new Promise((done) => setTimeout(done, 200));
  }
}
