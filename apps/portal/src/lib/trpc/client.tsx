'use client';

import { type QueryClient, QueryClientProvider } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { call } from './call.ts';
import { clientOf, optionsOf } from './procedures.ts';
import { createQueryClient } from './query-client.ts';

const options = optionsOf(call);
const client = clientOf(call);

/** The gateway's procedures as options of React Query. */
export const useTRPC = () => options;
/** The same to be called at once. */
export const useTRPCClient = () => client;

let browserQueryClient: QueryClient | undefined;

/** One cache for the life of the tab; on the server one a request. */
function sharedQueryClient(): QueryClient {
  if (typeof window === 'undefined') return createQueryClient();
  browserQueryClient ??= createQueryClient();
  return browserQueryClient;
}

export function ApiProvider({ children }: { children: ReactNode }) {
  return <QueryClientProvider client={sharedQueryClient()}>{children}</QueryClientProvider>;
}
