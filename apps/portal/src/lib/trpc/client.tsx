'use client';

import type { AppRouter } from '@parapet/gateway/trpc';
import { type QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createTRPCClient, httpBatchLink } from '@trpc/client';
import { createTRPCContext } from '@trpc/tanstack-react-query';
import { type ReactNode, useState } from 'react';
import { listLink } from './list-link.ts';
import { createQueryClient } from './query-client.ts';

const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<AppRouter>();

export { useTRPC, useTRPCClient };

let browserQueryClient: QueryClient | undefined;

/** One cache for the life of the tab; on the server one a request. */
function sharedQueryClient(): QueryClient {
  if (typeof window === 'undefined') return createQueryClient();
  browserQueryClient ??= createQueryClient();
  return browserQueryClient;
}

/** During server rendering there is no address bar; queries there are prefetched, this is only a syntactic base. */
const baseUrl = () => (typeof window === 'undefined' ? 'http://portal.invalid' : window.location.origin);

export function ApiProvider({ children }: { children: ReactNode }) {
  const queryClient = sharedQueryClient();
  const [trpcClient] = useState(() =>
    createTRPCClient<AppRouter>({
      links: [listLink, httpBatchLink({ url: `${baseUrl()}/trpc`, maxURLLength: 4000 })],
    }),
  );
  return (
    <QueryClientProvider client={queryClient}>
      <TRPCProvider trpcClient={trpcClient} queryClient={queryClient}>
        {children}
      </TRPCProvider>
    </QueryClientProvider>
  );
}
