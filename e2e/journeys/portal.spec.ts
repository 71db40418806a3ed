import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { expect, type Page, test } from '@playwright/test';
import OpenAI, { APIError } from 'openai';
import { runningPlatform } from '../platform/running-platform.ts';
import { signIn } from '../platform/sign-in.ts';

/** What a customer does, from sign-up to seeing the bill; then an admin lowers their quota and raises it again. */
test.describe.configure({ mode: 'serial' });

const customer = {
  name: 'Ada',
  email: `ada.${Date.now()}@example.com`,
  password: 'a long enough password',
  organisation: 'Meadow',
};
const rows = Array.from({ length: 24 }, (_, index) => ({
  prompt: `Is the number ${index} even or odd? Answer with one word.`,
  completion: index % 2 === 0 ? 'even' : 'odd',
}));
const jsonl = rows.map((row) => `${JSON.stringify(row)}\n`).join('');

let page: Page;
let apiKey = '';
let model = '';
const curl = promisify(execFile);

test.beforeAll(async ({ browser }) => {
  const { portalUrl } = await runningPlatform();
  page = await (await browser.newContext({ baseURL: portalUrl })).newPage();
});

test('a customer signs up', async () => {
  await page.goto('/sign-up');
  await page.getByLabel('Your name').fill(customer.name);
  await page.getByLabel('E-mail address').fill(customer.email);
  await page.getByLabel('Password').fill(customer.password);
  await page.getByLabel('Organisation').fill(customer.organisation);
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page.getByRole('heading', { name: /Welcome/ })).toBeVisible();
});

test('uploads: a broken file is refused with its line, a good one is kept', async () => {
  const info = test.info();
  const broken = info.outputPath('broken.jsonl');
  await writeFile(broken, `${jsonl}{"prompt": "no answer"}\n`);
  const good = info.outputPath('numbers.jsonl');
  await writeFile(good, jsonl);

  await page.goto('/datasets');
  await page.getByLabel('Choose a file').setInputFiles(broken);
  await expect(page.getByTestId('refusal')).toContainText('25');
  await page.getByLabel('Choose a file').setInputFiles(good);
  await expect(page.getByText('numbers.jsonl is sound and was added.')).toBeVisible();
  await expect(page.getByRole('row', { name: /numbers\.jsonl/ })).toBeVisible();
  await expect(page.getByRole('row', { name: /broken\.jsonl/ })).toHaveCount(0);
  await page.getByRole('link', { name: 'numbers.jsonl' }).first().click();
  await expect(page.getByRole('heading', { name: 'numbers.jsonl' })).toBeVisible();
});

test('trains on it and watches the curve', async () => {
  await page.goto('/fine-tuning/new');
  await page.getByLabel('Training dataset').selectOption({ index: 1 });
  await page.getByLabel('Name').fill('numbers');
  // Enough to see the curve move; what it learns is the demo's to show.
  await page.getByText('Advanced settings').click();
  await page.getByLabel('Most steps').fill('4');
  await page.getByRole('button', { name: 'Start job' }).click();
  await page.waitForURL(/\/fine-tuning\/ftjob-/);
  // The page is live: nothing here reloads it.
  await expect(page.getByText('Succeeded').first()).toBeVisible({ timeout: 480_000 });
  await page.reload();
  await expect(page.getByText('Succeeded').first()).toBeVisible();
});

test('gives the adapter an alias', async () => {
  await page.goto('/adapters');
  await page
    .getByRole('link', { name: /numbers/ })
    .first()
    .click();
  await page.getByRole('button', { name: 'Add alias' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Alias').fill('prod');
  await dialog.getByRole('button', { name: 'Add alias' }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByText(/^ft:smollm2-135m-instruct:.*:prod$/).first()).toBeVisible();
});

test('compares base and adapter in the playground', async () => {
  await page.goto('/adapters');
  await page
    .getByRole('link', { name: /numbers/ })
    .first()
    .click();
  await expect(page.getByText(/ft:smollm2-135m-instruct:/).first()).toBeVisible();
  await page.goto('/playground');
  await page.getByLabel('Prompt').fill(rows[3]?.prompt ?? '');
  await page.getByRole('button', { name: 'Run' }).click();
  await expect(page.getByText(/ in, \d+ out/).first()).toBeVisible();
});

test('makes a key, calls the alias by curl, and finds the call in the usage', async () => {
  await page.goto('/keys');
  await page.getByRole('button', { name: 'Create key' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('journey');
  await dialog.getByRole('button', { name: 'Create key' }).click();
  const secret = dialog.getByText(/^pk_live_/).first();
  await expect(secret).toBeVisible();
  apiKey = (await secret.textContent())?.trim() ?? '';
  await dialog.getByRole('button', { name: 'I have copied it' }).click();

  const { apiUrl } = await runningPlatform();
  const client = new OpenAI({ baseURL: apiUrl, apiKey, maxRetries: 0 });
  model = (await client.models.list()).data.find(({ id }) => id.endsWith(':numbers:prod'))?.id ?? '';
  expect(model).not.toBe('');
  const body = { model, messages: [{ role: 'user', content: 'Is 4 even or odd?' }], max_tokens: 5 };
  const { stdout } = await curl('curl', [
    ...['-sS', '--fail-with-body', `${apiUrl}/chat/completions`, '-d', JSON.stringify(body)],
    ...['-H', `Authorization: Bearer ${apiKey}`, '-H', 'Content-Type: application/json'],
  ]);
  expect(JSON.parse(stdout)).toMatchObject({ object: 'chat.completion', model });
  await page.goto('/usage?by=key');
  const row = page.getByRole('row', { name: /journey/ });
  await expect(row).toBeVisible();
  await expect(row.getByRole('cell').nth(2)).toHaveText(/1$/);
});

test('an admin lowers the quota, the next request is refused, and raised it works again', async ({ browser }) => {
  const { portalUrl, apiUrl, admin } = await runningPlatform();
  const client = new OpenAI({ baseURL: apiUrl, apiKey, maxRetries: 0 });
  const call = () =>
    client.chat.completions.create({
      model,
      messages: [{ role: 'user', content: 'Is 5 even or odd?' }],
      max_tokens: 2,
    });
  const adminPage = await (await browser.newContext({ baseURL: portalUrl })).newPage();
  await signIn(adminPage, admin.email, admin.password);
  await adminPage.goto('/admin/tenants');
  await adminPage.getByRole('link', { name: customer.organisation }).click();

  const setGpuSeconds = async (value: string) => {
    await adminPage.getByRole('button', { name: 'Set limits' }).click();
    const dialog = adminPage.getByRole('dialog');
    await dialog
      .getByLabel(/GPU-seconds/)
      .first()
      .fill(value);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expect(dialog).toBeHidden();
  };
  await setGpuSeconds('0');
  const refused = await call().then(
    () => null,
    (error: unknown) => error,
  );
  expect(refused).toBeInstanceOf(APIError);
  expect(refused).toMatchObject({ status: 429, code: 'insufficient_quota' });
  await setGpuSeconds('100000');
  expect((await call()).usage?.completion_tokens).toBeGreaterThan(0);
});

test('an admin verifies the base model, quantises it, and sees what was found', async ({ browser }) => {
  const { portalUrl, admin } = await runningPlatform();
  const adminPage = await (await browser.newContext({ baseURL: portalUrl })).newPage();
  await signIn(adminPage, admin.email, admin.password);
  await adminPage.goto('/admin/base-models');
  await adminPage.getByRole('button', { name: 'Verify' }).click();
  await expect(adminPage.getByRole('progressbar')).toBeVisible();
  // One thing at a time: the other buttons wait.
  await expect(adminPage.getByRole('button', { name: /^Quantise/ }).first()).toBeDisabled();
  await expect(adminPage.getByText('Verified', { exact: true })).toBeVisible({ timeout: 180_000 });
  await expect(adminPage.getByText(/complete, every number finite/)).toBeVisible();
  await expect(adminPage.getByText(/Paris/)).toBeVisible();

  await adminPage.getByRole('button', { name: /^Quantise.*to 8 bits/ }).click();
  const row = adminPage.getByRole('row', { name: /8 bits/ });
  await expect(row).toContainText(/9\d(\.\d)?%/, { timeout: 300_000 });
  await expect(row).toContainText('Served');
  // It is kept: another visit shows the same.
  await adminPage.reload();
  await expect(row).toContainText('of 32 bits');
});
