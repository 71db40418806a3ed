'use client';

import { useDeferredValue } from 'react';
import { useSettlingUrlState } from './url-state.ts';

export type Search = {
  search: string;
  setSearch: (value: string) => void;
  /** What rows are chosen by: trimmed, when the typing rests; undefined = no search. */
  deferred: string | undefined;
};

/** The search of a list, in the address; what is asked of the server waits until the typing rests. */
export function useSearch(name = 'q'): Search {
  const [search, setSearch, settled] = useSettlingUrlState(name);
  const deferred = useDeferredValue(settled.trim());
  return { search, setSearch, deferred: deferred === '' ? undefined : deferred };
}
