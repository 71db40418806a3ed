/**
 * The portal in a real browser against the platform: how long a key press takes on a table of ten thousand rows, and
 * whether a curve that gets sixty points a second is drawn without dropped frames.
 *
 *   npm run bench -- portal [--json] [--rows 10000] [--points 60] [--seconds 20]
 *
 * Chromium: PARAPET_CHROMIUM, or /usr/bin/chromium. It draws without a graphics card, so frames cost processor time.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startPlatform } from '@parapet/gateway/embedded';
import { baseModelDir } from '@parapet/models/testing-base';
import { chromium, type Page } from '@playwright/test';
import { z } from 'zod';
import { freePort } from '../gateway/processes.ts';
import { printResult } from '../harness/report.ts';
import { measureCurve } from './curve.ts';
import { Person } from './person.ts';
import { measureTable } from './table.ts';
import { Trainer } from './trainer.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    rows: { type: 'string', default: '10000' },
    points: { type: 'string', default: '60' },
    seconds: { type: 'string', default: '20' },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'parapet-bench-portal-'));
const [gatewayPort, portalPort] = [await freePort(), await freePort()];
const platform = await startPlatform({
  dataDir: folder,
  modelDir: await baseModelDir(),
  gatewayPort,
  portalPort,
  without: ['train'],
  onProgress: (sentence) => console.error(sentence),
});
const browser = await chromium.launch({
  executablePath: process.env.PARAPET_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
});
try {
  await platform.ready();
  const { gateway, portal: origin } = platform.urls;
  if (origin === null || platform.adminSignIn === null) throw new Error('the platform started without its portal');
  const customer = await Person.enter(gateway, origin, 'sign-up', {
    name: 'Bench',
    email: 'bench@example.com',
    password: randomBytes(9).toString('hex'),
  });
  const context = await browser.newContext({ baseURL: origin, viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  await page.goto('/sign-in');
  await page.getByLabel('E-mail address').fill(customer.email);
  await page.getByLabel('Password', { exact: true }).fill(customer.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: /Welcome/ }).waitFor();

  const datasetId = await upload(page, customer, Number(values.rows));
  const table = await measureTable(page, datasetId);

  const admin = await Person.enter(gateway, origin, 'sign-in', platform.adminSignIn);
  const [base] = z
    .array(z.object({ digest: z.string() }))
    .min(1)
    .parse(await admin.call('query', 'admin.baseModels.list'));
  const { id: jobId } = z
    .object({ id: z.string() })
    .parse(await customer.call('mutation', 'jobs.create', { trainingFileId: datasetId, suffix: 'curve' }));
  const token = readFileSync(join(folder, 'run', 'worker-token'), 'utf8').trim();
  const trainer = await Trainer.lease(gateway, token, base!.digest);
  const curve = await measureCurve(page, {
    ...{ jobId, trainer, before: 2000 },
    ...{ perSecond: Number(values.points), seconds: Number(values.seconds) },
  });

  const rounded = (x: number) => Number(x.toFixed(2));
  printResult({
    rows: Number(values.rows),
    ...Object.fromEntries(Object.entries(table).map(([name, ms]) => [`table_${name}_ms`, ms])),
    table_slowest_ms: Math.max(...Object.values(table)),
    points_sent_per_second: rounded(curve.sentPerSecond),
    points_sent: curve.sent,
    points_arrived: curve.arrived,
    frames_per_second_idle: rounded(curve.idle.framesPerSecond),
    frames_per_second_live: rounded(curve.live.framesPerSecond),
    dropped_frames_idle: curve.idle.dropped,
    dropped_frames_live: curve.live.dropped,
    late_frames_at_s_live: curve.live.lateAtSeconds,
    longest_frame_ms_live: rounded(curve.live.longestFrameMs),
    long_tasks_live: curve.live.longTasks,
  });
} finally {
  await browser.close();
  await platform.close();
  rmSync(folder, { recursive: true, force: true });
}

/** Rows of some length, uploaded as a customer does; waits until they may be trained on. */
async function upload(page: Page, customer: Person, count: number): Promise<string> {
  const lines = Array.from({ length: count }, (_, at) =>
    JSON.stringify({
      prompt: `Request ${at}: ${'please look at the account and say what is wrong with it. '.repeat(1 + (at % 5))}`,
      completion: `answer ${at % 77}`,
    }),
  );
  await page.goto('/datasets');
  await page.getByLabel('Choose a file').setInputFiles({
    name: 'rows.jsonl',
    mimeType: 'application/jsonl',
    buffer: Buffer.from(`${lines.join('\n')}\n`),
  });
  await page.getByText('rows.jsonl is sound and was added.').waitFor({ timeout: 120_000 });
  const list = z.object({ items: z.array(z.object({ id: z.string(), status: z.string() })).min(1) });
  for (;;) {
    const { items } = list.parse(await customer.call('query', 'datasets.list', { limit: 1 }));
    if (items[0]!.status === 'ready') return items[0]!.id;
    await sleep(500);
  }
}
