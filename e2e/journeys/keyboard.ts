import { expect, type Locator, type Page } from '@playwright/test';

/** More stops than any page has: past it the focus goes round in circles. */
const mostStops = 120;

/** What has the focus: a name for messages, and whether a person could see that it has it. */
async function focused(page: Page): Promise<{ name: string; visible: boolean; why: string; id: number }> {
  return page.evaluate(() => {
    const element = document.activeElement as (HTMLElement & { parapetStop?: number }) | null;
    if (!element || element === document.body) return { name: 'nothing', visible: true, why: '', id: 0 };
    const counter = window as { parapetStops?: number };
    counter.parapetStops = (counter.parapetStops ?? 0) + 1;
    element.parapetStop ??= counter.parapetStops;
    const hasOutline = (one: Element | null) => {
      const style = one && getComputedStyle(one);
      return style !== null && style.outlineStyle !== 'none' && Number.parseFloat(style.outlineWidth) >= 1.5;
    };
    // A radio button may be drawn as its label.
    const label = element.closest('label');
    const outlined = hasOutline(element) || hasOutline(label);
    const box = (label && hasOutline(label) ? label : element).getBoundingClientRect();
    const name = `<${element.tagName.toLowerCase()}> ${element.getAttribute('aria-label') ?? element.textContent?.trim().slice(0, 40) ?? ''}`;
    const inView =
      box.width > 1 &&
      box.height > 1 &&
      box.bottom > 0 &&
      box.right > 0 &&
      box.top < innerHeight &&
      box.left < innerWidth;
    // Nothing else may lie over the middle of it (a sticky bar, a toast).
    const top = document.elementFromPoint(
      Math.min(Math.max(box.left + box.width / 2, 0), innerWidth - 1),
      Math.min(Math.max(box.top + box.height / 2, 0), innerHeight - 1),
    );
    const covered = top !== null && !element.contains(top) && !top.contains(element);
    const why = [outlined ? '' : 'no outline', inView ? '' : 'out of view', covered ? `under ${top?.tagName}` : '']
      .filter(Boolean)
      .join(', ');
    return { name, visible: why === '', why, id: element.parapetStop };
  });
}

/** Presses Tab until `target` has the focus; at every stop the focus must be seen, and go on. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeVisible();
  const passed: string[] = [];
  let last = -1;
  for (let stop = 0; stop < mostStops; stop++) {
    const reached = await target.evaluate((element) => element === document.activeElement);
    const at = await focused(page);
    expect(at.visible, `the focus on ${at.name} can't be seen (${at.why})`).toBe(true);
    if (reached) return;
    expect(at.id === last && at.id !== 0, `Tab does not leave ${at.name}`).toBe(false);
    last = at.id;
    passed.push(at.name);
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab did not reach ${target} on ${page.url()}; it passed:\n${passed.join('\n')}`);
}

export async function press(page: Page, target: Locator, key = 'Enter'): Promise<void> {
  await tabTo(page, target);
  await page.keyboard.press(key);
}

export async function typeInto(page: Page, target: Locator, text: string): Promise<void> {
  await tabTo(page, target);
  await page.keyboard.type(text);
}
