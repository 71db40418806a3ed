import type { JobStatus } from '@parapet/contracts/portal/jobs';

const statuses: readonly string[] = [
  'validating_files',
  'queued',
  'running',
  'paused',
  'succeeded',
  'failed',
  'cancelled',
];

/** The list's query from its address; the server prefetches the same. */
export function jobListInput(address: { search?: string; sort?: string; status?: string }) {
  return {
    search: address.search || undefined,
    sort: address.sort === 'oldest' ? ('oldest' as const) : ('newest' as const),
    status: statuses.includes(address.status ?? '') ? (address.status as JobStatus) : undefined,
  };
}
