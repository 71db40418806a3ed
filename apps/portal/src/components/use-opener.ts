'use client';

import { useRef } from 'react';

/** The element that had the focus when `open` became true: where it belongs afterwards. */
export function useOpener(open: boolean) {
  const opener = useRef<HTMLElement | null>(null);
  const was = useRef(false);
  if (open && !was.current && typeof document !== 'undefined') {
    const { activeElement } = document;
    // The item of a menu is gone by then; the menu's own button has the focus back in the next moment.
    opener.current = activeElement instanceof HTMLElement ? activeElement : null;
  }
  was.current = open;
  return opener;
}
