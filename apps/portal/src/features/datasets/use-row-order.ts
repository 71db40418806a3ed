'use client';

import type { DatasetView } from '@parapet/contracts/portal/datasets';
import { skipToken, useQuery } from '@tanstack/react-query';
import { useDeferredValue, useMemo } from 'react';
import { RefusedError } from '#lib/error-text.ts';
import { useSettlingUrlState, useUrlState } from '#lib/url-state.ts';
import { datasets as text } from '#text/en/datasets.ts';
import { canBeSearched, type IndexedRow, type RowOrder, readRowIndex, rowOrders, selectRows } from './row-index.ts';

async function fetchIndex(datasetId: string): Promise<IndexedRow[]> {
  const answer = await fetch(`/v1/files/${datasetId}/content`);
  if (!answer.ok || !answer.body) throw new RefusedError(text.searchFailed, answer.status, null);
  return readRowIndex(answer.body);
}

/**
 * Search and order of a data set's rows, in the address. The file is read when one of them is first used; until then,
 * and where neither is, `places` is null: the rows as they stand in the file.
 */
export function useRowOrder(dataset: DatasetView) {
  const [search, setSearch] = useSettlingUrlState('find');
  const [wanted, setOrder] = useUrlState('order', 'file');
  const order: RowOrder = rowOrders.find((one) => one === wanted) ?? 'file';
  const used = canBeSearched(dataset) && (search.trim() !== '' || order !== 'file');
  const index = useQuery({
    queryKey: ['row-index', dataset.id],
    queryFn: used ? () => fetchIndex(dataset.id) : skipToken,
    staleTime: Number.POSITIVE_INFINITY,
    // A file may be tens of megabytes: nobody keeps it longer than its page is open.
    gcTime: 0,
  });
  const deferred = useDeferredValue(search);
  const rows = index.data;
  const places = useMemo(
    () => (used && rows ? selectRows(rows, deferred, order) : null),
    [used, rows, deferred, order],
  );
  return { search, setSearch, order, setOrder, index, places };
}
