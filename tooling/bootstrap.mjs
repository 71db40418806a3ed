// The one door from `npm run …`: checks Node, installs what is missing through the pinned pnpm, then runs the command.
// Plain JavaScript with no dependency, since nothing is installed yet when it starts.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { packageManager, engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

function fail(sentence) {
  console.error(`parapet: ${sentence}`);
  process.exit(1);
}

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 9)) {
  fail(`Node ${process.versions.node} is too old: install Node ${engines.node.replace('>=', '')} or newer.`);
}

/** Manifests and lockfile: when none changed since the last install, there is nothing to install. */
function dependencyDigest() {
  const hash = createHash('sha256').update(process.versions.node.split('.')[0]);
  const manifests = ['package.json', 'pnpm-workspace.yaml', 'pnpm-lock.yaml'];
  for (const group of ['apps', 'packages', 'tooling']) {
    if (!existsSync(join(root, group))) continue;
    for (const name of readdirSync(join(root, group)).sort()) manifests.push(join(group, name, 'package.json'));
  }
  manifests.push('bench/package.json', 'e2e/package.json');
  for (const path of manifests) if (existsSync(join(root, path))) hash.update(readFileSync(join(root, path)));
  return hash.digest('hex');
}

function install() {
  const stamp = join(root, 'node_modules', '.parapet-installed');
  const digest = dependencyDigest();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  console.error(`parapet: installing dependencies (${packageManager}) …`);
  const result = spawnSync('npx', ['--yes', packageManager, 'install', '--frozen-lockfile', '--reporter=append-only'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
    // The CUDA libraries are fetched where they are wanted (docs/gpu.md), not by every install.
    env: { ...process.env, CI: 'true', ONNXRUNTIME_NODE_INSTALL: 'skip' },
  });
  if (result.error) fail(`npx could not be started (${result.error.message}): install npm, which comes with Node.`);
  if (result.status !== 0) {
    fail(
      'the dependencies could not be installed; the lines above say why. With a network or a mirror in .npmrc, run the command again.',
    );
  }
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, digest);
}

/** Runs a script of the workspace with the signals of this process; ends as it ends. */
function run(args) {
  const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail(error.message));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)));
}

const [command, ...rest] = process.argv.slice(2);
install();
if (command === '--run') run([join(root, 'tooling', 'tasks', `${rest[0]}.mjs`), ...rest.slice(1)]);
else run(['--import', 'tsx', join(root, 'apps', 'cli', 'src', 'main.ts'), command ?? 'help', ...rest]);
