// Everything: the fast gate, the slow suites with the real base model, then browser and client journeys
// against a running platform. The closing line counts what ran.
import { existsSync } from 'node:fs';
import { pnpm, runAll, turbo } from './run-all.mjs';

const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);
const browser = process.env.PARAPET_CHROMIUM ?? chromium;
if (!browser) {
  console.error(
    'parapet: the browser tests need Chromium: `apt-get install chromium`, or set PARAPET_CHROMIUM to its path.',
  );
  process.exit(1);
}

await runAll(
  [
    ['fast gate', 'node', ['tooling/tasks/verify.mjs']],
    ['base model', 'node', ['--import', 'tsx', 'apps/cli/src/main.ts', 'model', 'fetch']],
    ['slow suites', 'npx', ['vitest', 'run', '--project', 'slow']],
    ['portal build', ...turbo('build', '--filter=@parapet/portal', '--output-logs=errors-only')],
    ['journeys', ...pnpm('--dir', 'e2e', 'exec', 'playwright', 'test')],
  ],
  { PARAPET_CHROMIUM: browser },
);
