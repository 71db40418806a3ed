/// <reference lib="dom" />
import type { Page } from '@playwright/test';

type Watch = { frames: number[]; longTasksMs: number[]; interactions: { name: string; id: number; ms: number }[] };

/** Begins to note, in the page, every frame, every task over 50 ms and every interaction until its next paint. */
export async function startWatch(page: Page): Promise<void> {
  await page.evaluate(() => {
    const watch: Watch = { frames: [], longTasksMs: [], interactions: [] };
    Object.assign(window, { parapetWatch: watch });
    // A method: the runner wraps named functions in a helper that the page does not have.
    const clock = {
      last: 0,
      tick(now: number) {
        if (clock.last > 0) watch.frames.push(now - clock.last);
        clock.last = now;
        requestAnimationFrame(clock.tick);
      },
    };
    requestAnimationFrame(clock.tick);
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) watch.longTasksMs.push(entry.duration);
    }).observe({ type: 'longtask' });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEventTiming & { interactionId: number })[])
        if (entry.interactionId > 0)
          watch.interactions.push({ name: entry.name, id: entry.interactionId, ms: entry.duration });
    }).observe({ type: 'event', durationThreshold: 16, buffered: false } as PerformanceObserverInit);
  });
}

/** What was noted since the last time; interactions by the browser's own Event Timing, in steps of 8 ms. */
export async function takeWatch(page: Page): Promise<Watch> {
  // Events are told of after their paint.
  await page.waitForTimeout(150);
  return page.evaluate(() => {
    const { parapetWatch: watch } = window as unknown as { parapetWatch: Watch };
    return {
      frames: watch.frames.splice(0),
      longTasksMs: watch.longTasksMs.splice(0),
      interactions: watch.interactions.splice(0),
    };
  });
}

/** Longest of an interaction's events; one that no entry tells of took less than 16 ms. */
export function slowest({ interactions }: Watch): number {
  return Math.max(16, ...interactions.map(({ ms }) => ms));
}

/** How evenly the page was drawn: a frame is dropped for every further sixtieth of a second between two. */
export function frameRate({ frames, longTasksMs }: Watch) {
  const seconds = frames.reduce((sum, ms) => sum + ms, 0) / 1000;
  let elapsedMs = 0;
  const lateAtSeconds: number[] = [];
  for (const ms of frames) {
    elapsedMs += ms;
    if (Math.round((ms * 60) / 1000) > 1) lateAtSeconds.push(Number((elapsedMs / 1000).toFixed(2)));
  }
  const dropped = frames.reduce((sum, ms) => sum + Math.max(0, Math.round((ms * 60) / 1000) - 1), 0);
  return {
    framesPerSecond: frames.length / seconds,
    dropped,
    /** When the late frames came, counted from the first. */
    lateAtSeconds,
    longestFrameMs: Math.max(0, ...frames),
    longTasks: longTasksMs.length,
  };
}
