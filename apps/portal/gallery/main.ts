/** `npm run screenshots`: every page × theme × width of a running portal as PNG files. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from '@playwright/test';
import { accessibilityProblems, firstLoadBudgetBytes, scriptBytes } from './checks.ts';
import { type SignIn, screenshotOptions } from './options.ts';
import { type PageSpec, pages } from './pages.ts';

const themes = ['light', 'dark'] as const;
const widths = [1280, 390] as const;

const options = screenshotOptions();
await mkdir(options.out, { recursive: true });
const browser = await chromium.launch({
  executablePath: options.browser,
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});

let taken = 0;
let largest = { name: '', bytes: 0 };
const problems: string[] = [];
for (const area of ['public', 'customer', 'admin'] as const) {
  const wanted = pages.filter((spec) => spec.area === area && (options.only?.includes(spec.name) ?? true));
  const signIn = area === 'public' ? null : options.signIns[area];
  if (wanted.length === 0 || (area !== 'public' && signIn === null)) continue;
  const context = await browser.newContext({ reducedMotion: 'reduce' });
  if (signIn) await enter(context, signIn);
  for (const spec of wanted) await takeAll(context, spec);
  await context.close();
}
await browser.close();
for (const problem of problems) console.error(problem);
console.log(
  JSON.stringify({
    ok: problems.length === 0,
    taken,
    folder: options.out,
    ...(options.check && { largestFirstLoad: largest }),
  }),
);
process.exit(problems.length === 0 ? 0 : 1);

async function enter(context: BrowserContext, { email, password }: SignIn): Promise<void> {
  const answer = await context.request.post(`${options.url}/auth/sign-in/email`, {
    headers: { origin: options.url },
    data: { email, password },
  });
  if (!answer.ok()) throw new Error(`${email} could not sign in: ${await answer.text()}`);
}

async function takeAll(context: BrowserContext, spec: PageSpec): Promise<void> {
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`${spec.name}: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`${spec.name}: ${error.message}`));
  const address = await resolveAddress(page, spec);
  if (address === null) {
    console.error(`${spec.name}: nothing there to open yet, left out`);
    await page.close();
    return;
  }
  for (const theme of themes) {
    await page.addInitScript((value) => localStorage.setItem('theme', value), theme);
    for (const width of widths) {
      await page.setViewportSize({ width, height: width > 600 ? 900 : 844 });
      const answer = await page.goto(options.url + address, { waitUntil: 'load' });
      await settle(page);
      if (spec.act) {
        await spec.act(page);
        await settle(page);
      }
      await page.screenshot({ path: join(options.out, `${spec.name}-${theme}-${width}.png`), fullPage: true });
      taken += 1;
      const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      if (tooWide > 0) problems.push(`${spec.name}: ${tooWide} pixels too wide at ${width}`);
      if (!options.check) continue;
      for (const problem of await accessibilityProblems(page))
        problems.push(`${spec.name} ${theme} ${width}: ${problem}`);
      if (theme === 'light' && width === 1280) await checkFirstLoad(page, (await answer?.text()) ?? '', spec);
    }
  }
  await page.close();
}

async function checkFirstLoad(page: Page, documentText: string, { name, area }: PageSpec): Promise<void> {
  const { first, settled } = await scriptBytes(page, documentText);
  const kilobytes = (bytes: number) => (bytes / 1000).toFixed(1);
  console.error(`${name}: ${kilobytes(first)} kB of JavaScript to begin with, ${kilobytes(settled)} kB in the end`);
  if (area === 'admin') return;
  if (first > largest.bytes) largest = { name, bytes: first };
  if (first > firstLoadBudgetBytes)
    problems.push(`${name}: ${first} bytes of JavaScript, over ${firstLoadBudgetBytes}`);
}

async function resolveAddress(page: Page, { path, from }: PageSpec): Promise<string | null> {
  const [, prefix, several] = path.match(/\{([^*}]+)(\*?)\}/) ?? [];
  if (prefix === undefined || from === undefined) return path;
  await page.goto(options.url + from, { waitUntil: 'load' });
  await settle(page);
  const links = await page
    .locator(`main a[href^="${prefix}"]`)
    .evaluateAll((found) => found.map((link) => link.getAttribute('href') ?? ''));
  const found = links.filter((href) => !href.endsWith('/new') && !href.includes('?'));
  const [link] = found;
  if (link === undefined) return null;
  if (!several) return path.replace(`{${prefix}}`, link);
  const ids = [...new Set(found)].slice(0, 3).map((href) => href.split('/').at(-1));
  return path.replace(`{${prefix}*}`, ids.join(','));
}

/** The page's own queries are done and its placeholders gone. Live streams never end, so the network can't tell. */
async function settle(page: Page): Promise<void> {
  await page
    .waitForFunction(() => document.querySelector('.animate-pulse[aria-hidden]') === null, null, {
      timeout: 15_000,
    })
    .catch(() => problems.push(`${page.url()}: still loading after 15 s`));
  await page.waitForTimeout(400);
}
