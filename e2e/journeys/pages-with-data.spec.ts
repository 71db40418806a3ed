import { expect, type Page, test } from '@playwright/test';
import { firstLoadBudgetBytes, scriptBytes } from '../../apps/portal/gallery/checks.ts';
import { type Customer, signUp } from '../platform/customer.ts';
import { runningPlatform } from '../platform/running-platform.ts';
import { signIn } from '../platform/sign-in.ts';
import { problemsOf } from './axe.ts';
import { accountPages } from './pages.ts';

/** What must hold on pages full of data: budgets that hold whatever else the machine does; those in milliseconds are `npm run bench -- portal`. */
test.describe.configure({ mode: 'serial' });

const rowCount = 10_000;
/** More than a screen of rows and what is drawn ahead of it. */
const mostRowsDrawn = 60;

let page: Page;
let customer: Customer;
let datasetId = '';
let jobId = '';
test.beforeAll(async ({ browser }) => {
  const { portalUrl } = await runningPlatform();
  customer = await signUp('budget');
  page = await (await browser.newContext({ baseURL: portalUrl })).newPage();
  await signIn(page, customer.email, customer.password);
});

/** Every page of a customer, those of one thing with the thing that was made here. */
async function pagesWithData(): Promise<string[]> {
  const adapterId = (await customer.trpc.adapters.list.query({ limit: 1 })).items[0]?.id;
  return [
    '/',
    '/datasets',
    `/datasets/${datasetId}`,
    `/datasets/${datasetId}?tab=tokens`,
    '/fine-tuning',
    '/fine-tuning/new',
    `/fine-tuning/${jobId}`,
    `/fine-tuning/${jobId}?tab=samples`,
    `/fine-tuning/${jobId}?tab=events`,
    `/fine-tuning/${jobId}?tab=checkpoints`,
    `/fine-tuning/${jobId}?tab=recipe`,
    `/fine-tuning/compare?jobs=${jobId}`,
    '/adapters',
    `/adapters/${adapterId}`,
    `/adapters/${adapterId}?tab=lineage`,
    `/adapters/${adapterId}?tab=evaluation`,
    `/adapters/${adapterId}?tab=vectors`,
    ...accountPages,
    '/settings?tab=security',
  ];
}

test('uploads ten thousand rows and draws only those in view', async () => {
  const rows = Array.from({ length: rowCount }, (_, at) => ({
    prompt: `Request ${at}`,
    completion: `answer ${at % 7}`,
  }));
  await page.goto('/datasets');
  await page.getByLabel('Choose a file').setInputFiles({
    name: 'ten-thousand.jsonl',
    mimeType: 'application/jsonl',
    buffer: Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join('')),
  });
  await page.getByText('ten-thousand.jsonl is sound and was added.').waitFor({ timeout: 120_000 });
  const { items } = await customer.trpc.datasets.list.query({ limit: 1 });
  datasetId = items[0]?.id ?? '';

  await page.goto(`/datasets/${datasetId}`);
  const list = page.getByRole('listbox', { name: 'Rows of the dataset' });
  const drawn = list.getByRole('option');
  // In its panel: while a page streams in, what arrived may stand a moment in a hidden place besides.
  await expect(page.getByRole('tabpanel', { name: 'Rows' }).getByText('10,000 rows')).toBeVisible();
  await expect(drawn.first()).toBeVisible();
  expect(await drawn.count()).toBeLessThan(mostRowsDrawn);
  await list.focus();
  await page.keyboard.press('End');
  await expect(page.getByRole('heading', { name: 'Line 10,000' })).toBeVisible();
  expect(await drawn.count()).toBeLessThan(mostRowsDrawn);
  await page.getByRole('searchbox', { name: 'Search rows' }).fill('answer 3');
  await expect(page.getByText('1,429 of 10,000 rows')).toBeVisible();
  expect(await drawn.count()).toBeLessThan(mostRowsDrawn);
});

test('trains one step, for the pages of a job and an adapter', async () => {
  jobId = (await customer.trpc.jobs.create.mutate({ trainingFileId: datasetId, maxSteps: 1, batchSize: 1 })).id;
  await page.goto(`/fine-tuning/${jobId}`);
  await expect(page.getByText('Succeeded').first()).toBeVisible({ timeout: 480_000 });
});

test('loads less than 180 kB of compressed JavaScript on every customer page', async () => {
  const over: string[] = [];
  for (const path of await pagesWithData()) {
    const answer = await page.goto(path);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await expect(page.locator('[aria-busy="true"]')).toHaveCount(0);
    const { first } = await scriptBytes(page, (await answer?.text()) ?? '');
    expect(first, `${path} loaded no script of its own`).toBeGreaterThan(100_000);
    if (first > firstLoadBudgetBytes) over.push(`${path}: ${first} bytes`);
  }
  expect(over).toEqual([]);
});

const adminPaths = [
  ...['/admin/tenants', '/admin/plans', '/admin/base-models', '/admin/fleet', '/admin/jobs', '/admin/health'],
  ...['/admin/audit', '/admin/usage', '/admin/ledger'],
];

/** Pixels by which a page is wider than its window, on those that are. */
async function sideways(on: Page, path: string): Promise<string[]> {
  await expect(on.locator('[aria-busy="true"]')).toHaveCount(0);
  const over = await on.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  return over > 0 ? [`${path}: ${over} pixels`] : [];
}

test('no page scrolls sideways on a phone of 360 pixels', async ({ browser }) => {
  const { portalUrl, admin } = await runningPlatform();
  const viewport = { width: 360, height: 740 };
  const { width, height } = page.viewportSize() ?? { width: 1280, height: 720 };
  await page.setViewportSize(viewport);
  const problems: string[] = [];
  for (const path of await pagesWithData()) {
    await page.goto(path);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    problems.push(...(await sideways(page, path)));
    if (!path.endsWith('tab=vectors')) continue;
    await page.getByLabel('Prompt', { exact: true }).fill('Request 1');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await expect(page.getByRole('table')).toBeVisible({ timeout: 60_000 });
    problems.push(...(await sideways(page, `${path}, shown`)));
  }
  await page.setViewportSize({ width, height });
  const adminPage = await (await browser.newContext({ baseURL: portalUrl, viewport })).newPage();
  await signIn(adminPage, admin.email, admin.password);
  for (const path of adminPaths) {
    await adminPage.goto(path);
    await expect(adminPage.getByRole('heading', { level: 1 })).toBeVisible();
    problems.push(...(await sideways(adminPage, path)));
  }
  await adminPage.context().close();
  expect(problems).toEqual([]);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing on pages with data in the ${colorScheme} theme`, async () => {
    await page.emulateMedia({ colorScheme });
    const problems: string[] = [];
    for (const path of await pagesWithData()) problems.push(...(await problemsOf(page, path)));
    expect(problems).toEqual([]);
  });
}
