import { describe, expect, it } from 'vitest';
import { SharedPages } from './shared-pages.ts';

describe('pages that rows share', () => {
  it('are free when the last holder lets go', () => {
    const pages = new SharedPages(4);
    const own = pages.take(3);
    pages.share(own.slice(0, 2));
    pages.release(own);
    expect(pages.freeCount).toBe(2);
    pages.release(own.slice(0, 2));
    expect(pages.freeCount).toBe(4);
  });

  it('refuse what would lose or double a page', () => {
    const pages = new SharedPages(2);
    const [page] = pages.take(1);
    expect(() => pages.take(2)).toThrow('no free page');
    pages.release([page!]);
    expect(() => pages.release([page!])).toThrow('twice');
    expect(() => pages.share([page!])).toThrow("nobody's");
  });

  it('are all there after any order of taking, sharing and giving back', () => {
    const pages = new SharedPages(20);
    const held: number[][] = [];
    let state = 7;
    const next = (below: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state % below;
    };
    for (let i = 0; i < 5000; i++) {
      const what = next(3);
      if (what === 0 && pages.freeCount >= 3) held.push(pages.take(next(4)));
      const other = held[next(Math.max(1, held.length))];
      if (other === undefined) continue;
      if (what === 1 && held.length < 50) {
        pages.share(other);
        held.push([...other]);
      }
      if (what === 2) pages.release(held.splice(held.indexOf(other), 1)[0]!);
      const inUse = new Set(held.flat());
      expect(pages.freeCount).toBe(20 - inUse.size);
    }
  });
});
