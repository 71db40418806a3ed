import type { JobStatus } from '@parapet/contracts/portal/jobs';
import { jobStatusNames } from '#text/en/job-status.ts';

/** The queue's query from its address; the server prefetches the same. */
export const queueInput = (address: { search?: string; status?: string }) => ({
  search: address.search || undefined,
  status: address.status !== undefined && address.status in jobStatusNames ? (address.status as JobStatus) : undefined,
});
