import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { inheritedEnv } from '../env.ts';
import { LogFile } from './log-file.ts';
import { StartProblem } from './problem.ts';

const notSource = new Set(['node_modules', '.next', '.turbo', 'test-results', 'playwright-report', 'screenshots']);

/** Digest of everything the portal is built from; tests and build output left out. */
async function sourceDigest(root: string): Promise<string> {
  const hash = createHash('sha256').update(process.versions.node.split('.')[0]!);
  const folders = [join(root, 'apps', 'portal'), join(root, 'packages', 'contracts', 'src')];
  for (const folder of folders) {
    const files = await sourceFiles(folder);
    for (const file of files) hash.update(`${relative(root, file)}\0`).update(await readFile(file));
  }
  return hash.update(await readFile(join(root, 'pnpm-lock.yaml'))).digest('hex');
}

async function sourceFiles(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (notSource.has(entry.name) || entry.name.includes('.test.') || entry.name.endsWith('.tsbuildinfo')) continue;
    if (entry.name === 'next-env.d.ts') continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...(await sourceFiles(path)));
    else if (entry.isFile()) found.push(path);
  }
  return found.sort();
}

/**
 * Builds the portal unless the build that is there is of the same sources.
 * @returns the server's entry and the folder to start it in.
 */
export async function buildPortal(options: {
  root: string;
  logFile: string;
  onStart: () => void;
}): Promise<{ entry: string; cwd: string }> {
  const portal = join(options.root, 'apps', 'portal');
  const cwd = join(portal, '.next', 'standalone', 'apps', 'portal');
  const built = { entry: join(cwd, 'server.js'), cwd };
  const stamp = join(portal, '.next', 'parapet-source-digest');
  const digest = await sourceDigest(options.root);
  if ((await readFile(stamp, 'utf8').catch(() => '')) === digest) return built;

  options.onStart();
  await rm(stamp, { force: true });
  await nextBuild(portal, options.logFile);
  // A standalone build leaves these out, for a CDN to serve; here the server serves them itself.
  await cp(join(portal, '.next', 'static'), join(cwd, '.next', 'static'), { recursive: true });
  await mkdir(join(portal, 'public'), { recursive: true });
  await cp(join(portal, 'public'), join(cwd, 'public'), { recursive: true });
  await writeFile(stamp, digest);
  return built;
}

async function nextBuild(portal: string, logFile: string): Promise<void> {
  const log = new LogFile(logFile);
  const next = join(portal, 'node_modules', 'next', 'dist', 'bin', 'next');
  const child = spawn(process.execPath, [next, 'build'], {
    cwd: portal,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...inheritedEnv(), NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1', CI: '1' },
  });
  let tail = '';
  const take = (chunk: Buffer) => {
    log.write(chunk);
    tail = (tail + chunk.toString('utf8')).slice(-3000);
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const code = await new Promise<number | null>((resolve) =>
    child.once('close', resolve).once('error', () => resolve(1)),
  );
  log.close();
  if (code !== 0) throw new StartProblem(`The portal could not be built; ${logFile} says why:\n${tail.trim()}`);
}
