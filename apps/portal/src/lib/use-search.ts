'use client';

import { useDeferredValue } from 'react';
import { useUrlState } from './url-state.ts';

/** The search of a list, in the address; what is asked of the server lags behind the typing. */
export function useSearch(name = 'q'): {
  search: string;
  setSearch: (value: string) => void;
  deferred: string | undefined;
} {
  const [search, setSearch] = useUrlState(name);
  const deferred = useDeferredValue(search.trim());
  return { search, setSearch, deferred: deferred === '' ? undefined : deferred };
}
