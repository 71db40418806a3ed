'use client';

import { useDeferredValue } from 'react';
import { timeOrder } from '#lib/time-order.ts';
import { useUrlState } from '#lib/url-state.ts';
import { useSearch } from '#lib/use-search.ts';
import { auditFilter } from './audit-input.ts';

/** The log's filter in the address, and what to ask the gateway for it. */
export function useAuditAddress() {
  const search = useSearch();
  const [action, setAction] = useUrlState('action');
  const [from, setFrom] = useUrlState('from');
  const [to, setTo] = useUrlState('to');
  const [order, setOrder] = useUrlState('order', 'newest');
  const filter = auditFilter({ action: useDeferredValue(action), from, to });
  return {
    search,
    action,
    setAction,
    from,
    to,
    order,
    setOrder,
    setDay: (end: 'from' | 'to', value: string) => (end === 'from' ? setFrom(value) : setTo(value)),
    filter,
    input: { ...filter, search: search.deferred, order: timeOrder(order) },
    /** By more than the search. */
    filtered: [action, from, to].some((value) => value !== ''),
    clear: () => {
      setAction('');
      setFrom('');
      setTo('');
    },
  };
}
