import type { DatasetView } from '@parapet/contracts/portal/datasets';

const sorts = ['newest', 'oldest', 'name', 'largest'] as const;
const statuses: readonly string[] = ['counting', 'ready', 'invalid'];

/** The list's query from its address; what an address says wrongly counts as not said. The server prefetches the same. */
export function datasetListInput(address: { search?: string; sort?: string; status?: string }) {
  return {
    search: address.search || undefined,
    sort: sorts.find((sort) => sort === address.sort) ?? 'newest',
    status: statuses.includes(address.status ?? '') ? (address.status as DatasetView['status']) : undefined,
  };
}
