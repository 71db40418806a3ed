'use client';

import { usePathname, useSearchParams } from 'next/navigation';
import { useCallback, useEffect, useRef, useState } from 'react';

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

/** How long a value rests before it is written to the address. Browsers refuse more than a few writes a second. */
const settleMs = 250;

/**
 * The same for what changes with every key: the value changes at once, the address when it has come to rest. The
 * third is the value that the address holds, for whoever need not follow every key.
 */
export function useSettlingUrlState(name: string, initial = ''): [string, (value: string) => void, string] {
  const [address, setAddress] = useUrlState(name, initial);
  const [value, setValue] = useState(address);
  const written = useRef(address);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    // Moved by a link or the back button rather than by `set`.
    if (address === written.current) return;
    written.current = address;
    setValue(address);
  }, [address]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const set = useCallback(
    (next: string) => {
      setValue(next);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => {
        written.current = next;
        setAddress(next);
      }, settleMs);
    },
    [setAddress],
  );
  return [value, set, address];
}
