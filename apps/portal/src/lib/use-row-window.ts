'use client';

import { type RefObject, useCallback, useEffect, useState } from 'react';

/** Rows drawn beyond the edges, so that a scroll shows no gap before the next frame. */
const overscan = 12;

/**
 * Which of `count` rows of one height are in view of a scroller: only those are worth drawing, however many there are.
 * `scrollTo` brings a row into view, with the least movement or to the middle.
 */
export function useRowWindow(scroller: RefObject<HTMLElement | null>, count: number, rowHeight: number) {
  const [first, setFirst] = useState(0);
  const [height, setHeight] = useState(480);
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const onScroll = () => setFirst(Math.floor(element.scrollTop / rowHeight));
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    element.addEventListener('scroll', onScroll, { passive: true });
    onScroll();
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', onScroll);
    };
  }, [scroller, rowHeight]);

  const scrollTo = useCallback(
    (index: number, align: 'nearest' | 'center' = 'nearest') => {
      const element = scroller.current;
      if (!element) return;
      const top = index * rowHeight;
      const bottom = top + rowHeight;
      if (align === 'center') element.scrollTop = top - (element.clientHeight - rowHeight) / 2;
      else if (top < element.scrollTop) element.scrollTop = top;
      else if (bottom > element.scrollTop + element.clientHeight) element.scrollTop = bottom - element.clientHeight;
    },
    [scroller, rowHeight],
  );

  const from = Math.max(0, Math.min(first, count) - overscan);
  const to = Math.min(count, first + Math.ceil(height / rowHeight) + overscan);
  return { from, to, visible: Math.max(1, Math.floor(height / rowHeight)), scrollTo };
}
