import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startIdentityProvider } from '@parapet/gateway/identity-provider';
import { z } from 'zod';

const root = join(import.meta.dirname, '..', '..');
const statePath = join(root, 'test-results', 'platform.json');

const runningPlatformSchema = z.object({
  pid: z.int(),
  portalUrl: z.url(),
  apiUrl: z.url(),
  admin: z.object({ email: z.string(), password: z.string() }),
});
/** Where the journeys find the platform and how its first admin signs in. */
export type RunningPlatform = z.infer<typeof runningPlatformSchema>;

export async function runningPlatform(): Promise<RunningPlatform> {
  return runningPlatformSchema.parse(JSON.parse(await readFile(statePath, 'utf8')));
}

/** Who comes by the identity provider of the journeys. */
export const companyPerson = {
  sub: 'company',
  email: 'robin@acme.example.com',
  email_verified: true,
  name: 'Robin Acme',
};

/** Starts `parapet start` on free ports with an empty data folder and the base model that `model fetch` left. */
export async function startPlatform(): Promise<ChildProcess> {
  const dataDir = join(root, 'test-results', 'data');
  await rm(dataDir, { recursive: true, force: true });
  await mkdir(dataDir, { recursive: true });
  const [port, portalPort] = [await freePort(), await freePort()];
  const portalUrl = `http://127.0.0.1:${portalPort}`;
  // At the company's door stands one person, whom the platform has never seen. It lives as long as this process.
  const provider = await startIdentityProvider(`${portalUrl}/auth/callback/oidc`);
  provider.person = companyPerson;
  const child = spawn(process.execPath, ['--import', 'tsx', 'apps/cli/src/main.ts', 'start'], {
    cwd: root,
    env: {
      ...process.env,
      PARAPET_DATA: dataDir,
      PARAPET_PORT: String(port),
      PARAPET_PORTAL_PORT: String(portalPort),
      PARAPET_OIDC_ISSUER: provider.issuer,
      PARAPET_OIDC_CLIENT_ID: provider.clientId,
      PARAPET_OIDC_CLIENT_SECRET: provider.clientSecret,
      PARAPET_OIDC_NAME: 'Acme',
      PARAPET_MODEL_DIR: process.env.PARAPET_MODEL_DIR ?? (await baseModelFolder()),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log = createWriteStream(join(root, 'test-results', 'platform.log'));
  let printed = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
  });
  child.stdout?.pipe(log);
  child.stderr?.pipe(log);
  await waitUntilReady(child, `http://127.0.0.1:${port}/readyz`, `${portalUrl}/sign-in`);
  // What a person at the terminal reads, once.
  let signIn: RegExpExecArray | null = null;
  for (let tries = 0; signIn === null && tries < 300; tries++) {
    signIn = /Admin +(\S+) +password (\S+)/.exec(printed);
    if (signIn === null) await sleep(100); // ready a moment before the terminal says so
  }
  if (!signIn) throw new Error('The first start did not print the admin’s sign-in: see test-results/platform.log.');
  const admin = { email: signIn[1] ?? '', password: signIn[2] ?? '' };
  const platform: RunningPlatform = { pid: child.pid ?? 0, portalUrl, apiUrl: `http://127.0.0.1:${port}/v1`, admin };
  await writeFile(statePath, JSON.stringify(platform));
  return child;
}

/** Where `model fetch` has put the base model: the default data folder. */
async function baseModelFolder(): Promise<string> {
  const { fetchModel } = await import('@parapet/models/fetch');
  return fetchModel('smollm2-135m-instruct', { dataDir: join(root, 'data'), network: false });
}

async function waitUntilReady(child: ChildProcess, ...urls: string[]): Promise<void> {
  const deadline = Date.now() + 300_000;
  for (const url of urls) {
    for (;;) {
      if (child.exitCode !== null)
        throw new Error('The platform ended before it was ready: see test-results/platform.log.');
      if (Date.now() > deadline) throw new Error(`${url} did not answer in time: see test-results/platform.log.`);
      const ok = await fetch(url).then(
        (response) => response.ok,
        () => false,
      );
      if (ok) break;
      await sleep(500);
    }
  }
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}
