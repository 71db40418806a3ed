import type { AppRouter } from '@parapet/gateway/trpc';
import { QueryClient } from '@tanstack/react-query';
import { createTRPCClient, httpLink } from '@trpc/client';
import { createTRPCOptionsProxy } from '@trpc/tanstack-react-query';
import { expect, it } from 'vitest';
import { optionsOf } from './procedures.ts';

const theirs = createTRPCOptionsProxy<AppRouter>({
  client: createTRPCClient<AppRouter>({ links: [httpLink({ url: 'http://gateway.invalid/trpc' })] }),
  queryClient: new QueryClient(),
});
const asked: unknown[] = [];
const ours = optionsOf(async (...call) => {
  asked.push(call);
  return 'answer';
});
const next = { getNextPageParam: (page: { nextCursor: string | null }) => page.nextCursor };

it('has the keys that tRPC’s own package gives, which the server renders with', () => {
  const job = { jobId: 'ftjob-1' };
  expect(ours.jobs.get.queryOptions(job).queryKey).toEqual(theirs.jobs.get.queryOptions(job).queryKey);
  expect(ours.models.list.queryOptions().queryKey).toEqual(theirs.models.list.queryOptions().queryKey);
  expect(ours.jobs.get.queryKey(job)).toEqual(theirs.jobs.get.queryKey(job));
  expect(ours.admin.jobs.pathFilter()).toEqual(theirs.admin.jobs.pathFilter());
  expect(ours.jobs.cancel.mutationOptions().mutationKey).toEqual(theirs.jobs.cancel.mutationOptions().mutationKey);
  const list = { search: 'mail', sort: 'newest' as const };
  expect(ours.datasets.list.infiniteQueryOptions(list, next).queryKey).toEqual(
    theirs.datasets.list.infiniteQueryOptions(list, next).queryKey,
  );
});

it('asks for a page behind the last one’s cursor, and for a mutation with what it is given', async () => {
  const { queryFn } = ours.datasets.list.infiniteQueryOptions({ search: 'mail' }, next);
  const context = { pageParam: 'c1' } as unknown as Parameters<Extract<typeof queryFn, (...args: never) => unknown>>[0];
  if (typeof queryFn === 'function') await queryFn(context);
  await ours.jobs.cancel.mutationOptions().mutationFn?.({ jobId: 'ftjob-1' }, {} as never);
  expect(asked).toEqual([
    ['query', 'datasets.list', { search: 'mail', cursor: 'c1' }],
    ['mutation', 'jobs.cancel', { jobId: 'ftjob-1' }],
  ]);
});
