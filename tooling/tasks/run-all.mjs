import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const { packageManager } = JSON.parse(readFileSync('package.json', 'utf8'));

/** A command and its arguments through the pinned pnpm. */
export const pnpm = (...args) => ['npx', ['--yes', packageManager, ...args]];

/** turbo calls pnpm by name, which only the pinned npx puts on the path. */
export const turbo = (...args) => pnpm('exec', 'turbo', 'run', ...args);

/** Runs [name, command, args] one after another from the root; the first that fails ends the process with its code. */
export async function runAll(steps, env = {}) {
  for (const [name, command, args] of steps) {
    const started = Date.now();
    const { status, signal } = spawnSync(command, args, {
      stdio: 'inherit',
      shell: process.platform === 'win32',
      env: {
        ...process.env,
        TURBO_TELEMETRY_DISABLED: '1',
        NEXT_TELEMETRY_DISABLED: '1',
        DO_NOT_TRACK: '1',
        ...env,
      },
    });
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    if (status !== 0) {
      console.error(`parapet: ${name} failed after ${seconds} s (${signal ?? `code ${status}`}).`);
      process.exit(status ?? 1);
    }
    console.error(`parapet: ${name} ok (${seconds} s)`);
  }
}
