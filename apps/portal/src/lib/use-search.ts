'use client';

import { useDeferredValue } from 'react';
import { useSettlingUrlState } from './url-state.ts';

/** The search of a list, in the address; what is asked of the server waits until the typing rests. */
export function useSearch(name = 'q'): {
  search: string;
  setSearch: (value: string) => void;
  deferred: string | undefined;
} {
  const [search, setSearch, settled] = useSettlingUrlState(name);
  const deferred = useDeferredValue(settled.trim());
  return { search, setSearch, deferred: deferred === '' ? undefined : deferred };
}
