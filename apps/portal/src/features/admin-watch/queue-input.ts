import type { JobStatus } from '@parapet/contracts/portal/jobs';
import { jobStatusNames } from '#text/en/job-status.ts';

const orders = ['queue', 'newest', 'oldest'] as const;

/** The queue's query from its address; the server prefetches the same. */
export const queueInput = (address: { search?: string; status?: string; order?: string }) => ({
  search: address.search || undefined,
  order: orders.find((order) => order === address.order) ?? 'queue',
  status: address.status !== undefined && address.status in jobStatusNames ? (address.status as JobStatus) : undefined,
});
