import { writeFile } from 'node:fs/promises';
import { expect, type Page, test } from '@playwright/test';
import { runningPlatform } from '../platform/running-platform.ts';
import { press, tabTo, typeInto } from './keyboard.ts';

/** From signing up to a key with Tab, Enter, Space and arrows alone: no pointer, no address typed after the first. */
test.describe.configure({ mode: 'serial' });

const rows = Array.from({ length: 24 }, (_, index) => ({
  prompt: `Is the number ${index} even or odd? Answer with one word.`,
  completion: index % 2 === 0 ? 'even' : 'odd',
}));

let page: Page;
test.beforeAll(async ({ browser }) => {
  const { portalUrl } = await runningPlatform();
  page = await (await browser.newContext({ baseURL: portalUrl })).newPage();
});

const heading = (name: string | RegExp) => page.getByRole('heading', { level: 1, name });

test('signs up and skips to the content', async () => {
  await page.goto('/sign-up');
  await typeInto(page, page.getByLabel('Your name'), 'Keys Only');
  await typeInto(page, page.getByLabel('E-mail address'), `keys.${Date.now()}@example.com`);
  await typeInto(page, page.getByLabel('Password'), 'a long enough password');
  await typeInto(page, page.getByLabel('Organisation'), 'Clavier');
  await press(page, page.getByRole('button', { name: 'Create account' }));
  await expect(heading(/Welcome/)).toBeVisible();
  // A page that was just opened begins with the way past the navigation.
  await page.reload();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.closest('main') !== null)).toBe(true);
});

test('chooses the theme in a menu, by arrows, and gets the focus back', async () => {
  const account = page.getByRole('button', { name: /Account: Keys Only/ });
  await press(page, account);
  const dark = page.getByRole('menuitemradio', { name: 'Dark' });
  await expect(dark).toBeVisible();
  for (let stop = 0; stop < 10; stop++) {
    if (await dark.evaluate((element) => element === document.activeElement)) break;
    await page.keyboard.press('ArrowDown');
  }
  await page.keyboard.press('Enter');
  await expect(page.locator('html')).toHaveClass(/dark/);
  await page.keyboard.press('Escape');
  await expect(account).toBeFocused();
});

test('uploads, walks the rows and reads another tab', async () => {
  const file = test.info().outputPath('numbers.jsonl');
  await writeFile(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  await press(page, page.getByRole('link', { name: 'Datasets', exact: true }));
  await expect(heading('Datasets')).toBeVisible();
  const chooser = page.waitForEvent('filechooser');
  await press(page, page.getByRole('button', { name: 'Choose a file' }), 'Space');
  await (await chooser).setFiles(file);
  await expect(page.getByText('numbers.jsonl is sound and was added.')).toBeVisible();
  await press(page, page.getByRole('link', { name: 'numbers.jsonl' }).first());
  await expect(heading('numbers.jsonl')).toBeVisible();

  const list = page.getByRole('listbox', { name: 'Rows of the dataset' });
  await tabTo(page, list);
  for (const key of ['ArrowDown', 'ArrowDown', 'End', 'ArrowUp']) await page.keyboard.press(key);
  await expect(page.getByRole('heading', { name: 'Line 23' })).toBeVisible();
  await typeInto(page, page.getByRole('searchbox', { name: 'Search rows' }), 'number 12');
  await expect(page.getByText('1 of 24 rows')).toBeVisible();

  await tabTo(page, page.getByRole('tab', { name: 'Rows' }));
  await page.keyboard.press('ArrowRight');
  await expect(page.getByRole('tab', { name: 'Tokens' })).toBeFocused();
  await expect(page.getByText('Tokens a row, with the chat template')).toBeVisible();
});

test('fine-tunes', async () => {
  await press(page, page.getByRole('link', { name: 'Fine-tune with it' }));
  await expect(page.getByLabel('Training dataset')).toBeVisible();
  await typeInto(page, page.getByLabel('Name'), 'keys');
  await press(page, page.locator('summary', { hasText: 'Advanced settings' }), 'Space');
  await typeInto(page, page.getByLabel('Most steps'), '2');
  await press(page, page.getByRole('button', { name: 'Start job' }));
  await page.waitForURL(/\/fine-tuning\/ftjob-/);
  // What destroys asks, and is left by Escape with the focus where it was.
  const cancel = page.getByRole('button', { name: 'Cancel' });
  await press(page, cancel);
  await expect(page.getByRole('alertdialog')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('alertdialog')).toBeHidden();
  await expect(cancel).toBeFocused();
  await expect(page.getByText('Succeeded').first()).toBeVisible({ timeout: 480_000 });
});

test('asks base and adapter in the playground', async () => {
  await press(page, page.getByRole('link', { name: 'Try in the playground' }));
  await typeInto(page, page.getByLabel('Prompt'), 'Is the number 3 even or odd?');
  const strength = page.getByRole('slider', { name: 'Adapter strength' });
  await tabTo(page, strength);
  await page.keyboard.press('ArrowLeft');
  await press(page, page.getByRole('button', { name: 'Run' }));
  await expect(page.getByText(/ in, \d+ out/)).toHaveCount(2);
});

test('makes a key', async () => {
  await press(page, page.getByRole('link', { name: 'API keys' }));
  await expect(heading('API keys')).toBeVisible();
  const create = page.getByRole('button', { name: 'Create key' }).first();
  await press(page, create);
  const dialog = page.getByRole('dialog');
  await typeInto(page, dialog.getByLabel('Name'), 'by keys');
  await press(page, dialog.getByRole('button', { name: 'Create key' }));
  await expect(dialog.getByText(/^pk_live_/).first()).toBeVisible();
  await press(page, dialog.getByRole('button', { name: 'I have copied it' }));
  await expect(dialog).toBeHidden();
  await expect(create).toBeFocused();
  await expect(page.getByRole('row', { name: /by keys/ })).toBeVisible();
});
