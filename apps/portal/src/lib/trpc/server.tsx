import 'server-only';
import type { AppRouter } from '@parapet/gateway/trpc';
import {
  dehydrate,
  type FetchInfiniteQueryOptions,
  type FetchQueryOptions,
  HydrationBoundary,
  type QueryKey,
} from '@tanstack/react-query';
import { createTRPCClient, httpBatchLink } from '@trpc/client';
import { createTRPCOptionsProxy } from '@trpc/tanstack-react-query';
import { cookies, headers } from 'next/headers';
import { cache, type ReactNode } from 'react';
import { serverEnv } from '#env';
import { listLink } from './list-link.ts';
import { createQueryClient } from './query-client.ts';

const queryClient = cache(createQueryClient);

/** The gateway's API as the visitor of this request. */
export const api = cache(() =>
  createTRPCClient<AppRouter>({
    links: [
      listLink,
      httpBatchLink({
        url: `${serverEnv().GATEWAY_URL}/trpc`,
        async headers() {
          const incoming = await headers();
          return {
            cookie: (await cookies()).toString(),
            'x-forwarded-for': incoming.get('x-forwarded-for') ?? '',
            'user-agent': incoming.get('user-agent') ?? '',
          };
        },
      }),
    ],
  }),
);

/** Query options for prefetching in a server component. */
export const query = cache(() => createTRPCOptionsProxy<AppRouter>({ client: api(), queryClient }));

/** Who is signed in; asked once a request however many ask. */
export const session = cache(async () => {
  // Tells Next that the page is a visitor's own before tRPC could wrap the signal in an error.
  await headers();
  return api().session.me.query();
});

/** Begins a query on the server and does not wait: the component below streams in when it is there. */
export function prefetch<T extends QueryKey, D, E, F>(options: FetchQueryOptions<D, E, F, T>): void {
  void queryClient().prefetchQuery(options);
}

/** The same for the first page of a list. */
export function prefetchInfinite<T extends QueryKey, D, E, F, P>(
  options: Pick<FetchInfiniteQueryOptions<D, E, F, T, P>, 'queryKey' | 'queryFn'>,
): void {
  void queryClient().prefetchInfiniteQuery({ ...options, initialPageParam: undefined as P });
}

/** Hands what was prefetched to the browser's cache. */
export function Hydrate({ children }: { children: ReactNode }) {
  return <HydrationBoundary state={dehydrate(queryClient())}>{children}</HydrationBoundary>;
}
