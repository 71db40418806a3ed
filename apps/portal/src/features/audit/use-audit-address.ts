'use client';

import { useDeferredValue } from 'react';
import { useUrlState } from '#lib/url-state.ts';
import { useSearch } from '#lib/use-search.ts';
import { auditFilter } from './audit-input.ts';

/** The log's filter in the address, and what to ask the gateway for it. */
export function useAuditAddress() {
  const search = useSearch();
  const [action, setAction] = useUrlState('action');
  const [from, setFrom] = useUrlState('from');
  const [to, setTo] = useUrlState('to');
  const filter = auditFilter({ action: useDeferredValue(action), from, to });
  return {
    search,
    action,
    setAction,
    from,
    to,
    setDay: (end: 'from' | 'to', value: string) => (end === 'from' ? setFrom(value) : setTo(value)),
    filter,
    input: { ...filter, search: search.deferred },
    /** By more than the search. */
    filtered: [action, from, to].some((value) => value !== ''),
    clear: () => {
      setAction('');
      setFrom('');
      setTo('');
    },
  };
}
