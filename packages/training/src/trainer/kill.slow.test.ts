import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Random } from '@parapet/models/random';
import { afterAll, expect, it } from 'vitest';

const root = mkdtempSync(join(tmpdir(), 'parapet-kill-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const child = fileURLToPath(new URL('../testing/train-child.ts', import.meta.url));
const kills = 50;
const killsPerJob = 5;

/** Runs the job's process; kills it some milliseconds after the `steps`-th step it reports. Its outcome when it ends. */
async function run(workDir: string, kill: { steps: number; afterMs: number } | null): Promise<string | null> {
  const process_ = spawn(process.execPath, ['--import', 'tsx', child, workDir, join(root, 'weights')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => process_.on('close', () => resolve()));
  let outcome: string | null = null;
  let steps = 0;
  for await (const line of createInterface({ input: process_.stdout })) {
    if (line.startsWith('{')) outcome = line;
    else if (kill && ++steps === kill.steps) {
      await sleep(kill.afterMs);
      process_.kill('SIGKILL');
    }
  }
  await ended;
  return outcome;
}

it(`ends with one and the same adapter, killed at ${kills} random points`, async () => {
  const random = new Random(11);
  const digest = (line: string | null) => (line ? (JSON.parse(line) as { adapterDigest: string }).adapterDigest : null);
  const uninterrupted = digest(await run(join(root, 'whole'), null));
  expect(uninterrupted).toMatch(/^[0-9a-f]{64}$/);
  let done = 0;
  for (let job = 0; done < kills; job++) {
    const workDir = join(root, `job-${job}`);
    for (let i = 0; i < killsPerJob && done < kills; i++) {
      // Within a job's 48 steps, and within a step's few milliseconds: training, writing, syncing, renaming.
      const ending = await run(workDir, { steps: 1 + random.below(8), afterMs: random.uniform() * 12 });
      expect(ending).toBeNull();
      done += 1;
    }
    expect(digest(await run(workDir, null))).toBe(uninterrupted);
  }
});
