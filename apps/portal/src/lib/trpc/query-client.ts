import { defaultShouldDehydrateQuery, QueryClient } from '@tanstack/react-query';

/** Fresh for a little while, so that what the server just rendered is not asked for again at once. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 20_000,
        retry: (failures, error) => failures < 2 && !isRefusal(error),
      },
      dehydrate: {
        // Queries still under way travel as promises: the page streams while they finish.
        shouldDehydrateQuery: (query) => defaultShouldDehydrateQuery(query) || query.state.status === 'pending',
      },
    },
  });
}

/** A refusal (4xx) stays one however often it is asked again. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error) || !('data' in error)) return false;
  const data = error.data as { httpStatus?: number } | null | undefined;
  return data?.httpStatus !== undefined && data.httpStatus < 500;
}
