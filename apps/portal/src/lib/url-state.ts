'use client';

import { usePathname, useSearchParams } from 'next/navigation';
import { useCallback } from 'react';

/**
 * One query parameter as state: what is on the screen can be linked, reloaded and gone back to. The default is left
 * out of the address. `push` makes a step in the history (tabs), otherwise the entry is replaced (typing).
 */
export function useUrlState(
  name: string,
  initial = '',
  { push = false }: { push?: boolean } = {},
): [string, (value: string) => void] {
  const pathname = usePathname();
  const value = useSearchParams().get(name) ?? initial;
  const set = useCallback(
    (next: string) => {
      const params = new URLSearchParams(window.location.search);
      if (next === initial) params.delete(name);
      else params.set(name, next);
      const query = params.toString();
      const address = query === '' ? pathname : `${pathname}?${query}`;
      if (push) window.history.pushState(null, '', address);
      else window.history.replaceState(null, '', address);
    },
    [name, initial, pathname, push],
  );
  return [value, set];
}
