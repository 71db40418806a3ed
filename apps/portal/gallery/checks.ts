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

/** Bytes of JavaScript as they came over the wire for the page's first load. */
export async function firstLoadBytes(page: Page): Promise<number> {
  return page.evaluate(() =>
    (performance.getEntriesByType('resource') as PerformanceResourceTiming[])
      .filter((entry) => new URL(entry.name).pathname.endsWith('.js'))
      .reduce((sum, entry) => sum + entry.encodedBodySize, 0),
  );
}
