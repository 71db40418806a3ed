import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { inheritedEnv } from '../env.ts';
import { Child } from './child.ts';
import { LogFile } from './log-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parapet-child-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const until = async (condition: () => boolean | Promise<boolean>) => {
  for (let i = 0; i < 200; i++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('it did not happen within 5 s');
};

const alive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

async function child(source: string): Promise<Child> {
  const entry = join(folder, 'entry.mjs');
  await writeFile(entry, source);
  return new Child({ name: 'x', args: [entry], cwd: folder, env: inheritedEnv(), logFile: join(folder, 'x.log') });
}

test('a crashed child starts again, and its last words are told', async () => {
  const one = await child(`console.error('no such model'); process.exit(3);`);
  const crashes: { code: number | null; inMs: number; lastLines: string }[] = [];
  one.on('crash', (crash) => crashes.push(crash));
  one.start();
  await until(() => crashes.length === 2);
  await one.stop();
  expect(crashes[0]).toMatchObject({ code: 3, inMs: 500 });
  expect(crashes[1]?.inMs).toBe(1000);
  expect(crashes[0]?.lastLines).toContain('no such model');
  expect(await readFile(join(folder, 'x.log'), 'utf8')).toContain('no such model');
});

test('stop ends a child that runs', async () => {
  const one = await child(`setInterval(() => {}, 1000);`);
  one.start();
  await until(() => one.pid !== undefined);
  const pid = one.pid!;
  await one.stop();
  expect(alive(pid)).toBe(false);
});

test('a child ends when its parent is killed with -9', async () => {
  const pidFile = join(folder, 'pid');
  await writeFile(
    join(folder, 'entry.mjs'),
    `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); setInterval(() => {}, 1000);`,
  );
  const preload = fileURLToPath(new URL('./exit-with-parent.mjs', import.meta.url));
  const parentSource = `import { spawn } from 'node:child_process';
    spawn(process.execPath, ['--import', ${JSON.stringify(preload)}, 'entry.mjs'], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], detached: true });
    setInterval(() => {}, 1000);`;
  await writeFile(join(folder, 'parent.mjs'), parentSource);
  const parent = spawn(process.execPath, ['parent.mjs'], { cwd: folder, stdio: 'ignore' });
  const read = () => readFile(pidFile, 'utf8').catch(() => '');
  await until(async () => (await read()) !== '');
  const pid = Number(await read());
  expect(alive(pid)).toBe(true);
  parent.kill('SIGKILL');
  await until(() => !alive(pid));
});

test('a log file keeps its end and one older part, no more', async () => {
  const path = join(folder, 'big.log');
  const log = new LogFile(path);
  const megabyte = 'x'.repeat(1024 * 1024 - 1).concat('\n');
  for (let i = 0; i < 25; i++) log.write(megabyte);
  log.close();
  expect((await readFile(path)).length).toBeLessThanOrEqual(10 * 1024 * 1024);
  expect((await readFile(`${path}.1`)).length).toBe(10 * 1024 * 1024);
});
