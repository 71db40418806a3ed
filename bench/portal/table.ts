import type { Page } from '@playwright/test';
import { slowest, startWatch, takeWatch } from './watch.ts';

/** Milliseconds from a key press to the next paint on the table of a data set's rows, the slowest of each kind. */
export async function measureTable(page: Page, datasetId: string): Promise<Record<string, number>> {
  await page.goto(`/datasets/${datasetId}`);
  const list = page.getByRole('listbox', { name: 'Rows of the dataset' });
  await list.getByRole('option').first().waitFor();
  await startWatch(page);
  const result: Record<string, number> = {};
  const keys = async (name: string, pressed: readonly string[], pauseMs = 60) => {
    for (const key of pressed) {
      await page.keyboard.press(key);
      await page.waitForTimeout(pauseMs);
    }
    result[name] = slowest(await takeWatch(page));
  };

  await list.focus();
  await keys(
    'next_row',
    Array.from({ length: 40 }, () => 'ArrowDown'),
  );
  await keys(
    'next_page',
    Array.from({ length: 20 }, () => 'PageDown'),
    150,
  );
  await keys('end_and_home', ['End', 'Home', 'End', 'Home', 'End'], 300);

  await page.getByRole('searchbox', { name: 'Search rows' }).focus();
  // The first key reads the file; those after it search ten thousand rows.
  await keys(
    'search',
    [...'request 123'].map((key) => (key === ' ' ? 'Space' : key)),
    90,
  );
  await keys(
    'search_back',
    Array.from({ length: 11 }, () => 'Backspace'),
    90,
  );
  await page.getByLabel('Order').focus();
  await keys('sort', ['ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowUp', 'ArrowUp', 'ArrowUp'], 250);
  return result;
}
