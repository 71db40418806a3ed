import type { AppRouter } from '@parapet/gateway/trpc';
import type { TRPCOptionsProxy } from '@trpc/tanstack-react-query';
import { rangeOf } from '#features/usage/ranges.ts';

/** What the start page asks, for the server's prefetch and the browser alike. */
export function startQueries(trpc: TRPCOptionsProxy<AppRouter>, nowMs: number) {
  return {
    datasets: trpc.datasets.list.queryOptions({ limit: 5 }),
    jobs: trpc.jobs.list.queryOptions({ limit: 5 }),
    usage: trpc.usage.get.queryOptions({ ...rangeOf('30d', nowMs), groupBy: 'none' }),
    quota: trpc.quota.get.queryOptions(),
  };
}
