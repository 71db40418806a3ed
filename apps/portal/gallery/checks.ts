import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';

/** Compressed JavaScript that a customer's page may load before it can be used. */
export const firstLoadBudgetBytes = 180_000;

/** What axe finds on the page as it stands, one line a rule: id, how many, the first place. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .analyze();
  return violations.map(({ id, help, nodes }) => {
    const [first] = nodes;
    return `axe ${id} × ${nodes.length}: ${help} (${first?.target.join(' ')}: ${first?.any[0]?.message ?? first?.all[0]?.message ?? first?.none[0]?.message ?? ''})`;
  });
}

/**
 * Compressed bytes of JavaScript as they came over the wire. `first`: what the page's own document names, all of it
 * needed before the page can be used; this is what the budget holds. `settled`: also what came by itself afterwards,
 * such as the chart that a running page draws.
 */
export async function scriptBytes(page: Page, documentText: string): Promise<{ first: number; settled: number }> {
  const loaded = await page.evaluate(() =>
    (performance.getEntriesByType('resource') as PerformanceResourceTiming[])
      .filter((entry) => new URL(entry.name).pathname.endsWith('.js'))
      .map((entry) => ({ name: entry.name.split('/').at(-1) ?? '', bytes: entry.encodedBodySize })),
  );
  const sum = (scripts: typeof loaded) => scripts.reduce((total, { bytes }) => total + bytes, 0);
  return { first: sum(loaded.filter(({ name }) => documentText.includes(name))), settled: sum(loaded) };
}
