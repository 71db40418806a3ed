import type { Page } from '@playwright/test';
import type { Trainer } from './trainer.ts';
import { frameRate, startWatch, takeWatch } from './watch.ts';

const idleMs = 5000;

/** Points the chart says it holds. */
async function pointsOf(page: Page): Promise<number> {
  const label = await page.getByRole('img', { name: /^Loss curve/ }).getAttribute('aria-label');
  return Number(/with ([\d,]+) points/.exec(label ?? '')?.[1]?.replaceAll(',', '') ?? 0);
}

/** How evenly a job's page is drawn, first with nothing new, then with `perSecond` points a second from the gateway. */
export async function measureCurve(
  page: Page,
  options: { jobId: string; trainer: Trainer; before: number; perSecond: number; seconds: number },
) {
  const { jobId, trainer, before, perSecond, seconds } = options;
  const totalSteps = before + perSecond * seconds * 2;
  for (let sent = 0; sent < before; sent += 500) await trainer.report(Math.min(500, before - sent), totalSteps);
  await page.goto(`/fine-tuning/${jobId}`);
  await page.locator('.uplot').waitFor();
  await page.waitForTimeout(2000);
  await startWatch(page);
  await page.waitForTimeout(idleMs);
  const idle = frameRate(await takeWatch(page));
  const held = await pointsOf(page);
  await trainer.heartbeat();
  const sent = await trainer.stream(perSecond, seconds, totalSteps);
  const live = frameRate(await takeWatch(page));
  await page.waitForTimeout(1000);
  return { idle, live, sentPerSecond: sent / seconds, arrived: (await pointsOf(page)) - held, sent };
}
