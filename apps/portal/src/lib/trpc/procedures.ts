import type { AppRouter } from '@parapet/gateway/trpc';
import type { TRPCClient } from '@trpc/client';
import type { TRPCOptionsProxy } from '@trpc/tanstack-react-query';
import type { Call } from './call.ts';

/**
 * The gateway's API for React Query in the browser: the part of tRPC's own packages that the portal uses, at a seventh
 * of their size (docs/decisions/slim-browser-client.md). The server renders with tRPC's packages, so the keys must be
 * theirs to the letter; the test beside this holds them to it.
 */
type Step = { path: string[]; method: string; input: unknown; options: Record<string, unknown> };

/** An object whose every path `a.b.method(input, options)` calls `run`. */
function paths(run: (step: Step) => unknown, path: string[] = []): unknown {
  return new Proxy(() => {}, {
    get: (_, name) => (typeof name === 'string' && name !== 'then' ? paths(run, [...path, name]) : undefined),
    apply: (_, __, [input, options = {}]) =>
      run({ path: path.slice(0, -1), method: path.at(-1) ?? '', input, options }),
  });
}

/** tRPC's keys: the path, and what makes the query one of several at it. */
function queryKey(path: string[], input: unknown, type: 'query' | 'infinite'): unknown[] {
  return [path, { ...(input === undefined ? {} : { input }), type }];
}

/** As tRPC's own proxy: query, infinite query and mutation options, keys and filters of every procedure. */
export function optionsOf(call: Call): TRPCOptionsProxy<AppRouter> {
  return typedOptions(
    paths(({ path, method, input, options }) => {
      const name = path.join('.');
      switch (method) {
        case 'queryOptions':
          return { ...options, queryKey: queryKey(path, input, 'query'), queryFn: () => call('query', name, input) };
        case 'infiniteQueryOptions':
          return {
            ...options,
            queryKey: queryKey(path, input, 'infinite'),
            queryFn: ({ pageParam }: { pageParam?: unknown }) =>
              call('query', name, pageParam === undefined ? input : { ...(input as object), cursor: pageParam }),
            initialPageParam: undefined,
          };
        case 'mutationOptions':
          // Here the options come first: a mutation's input is given when it is called.
          return {
            ...(input as object | undefined),
            mutationKey: [path],
            mutationFn: (given: unknown) => call('mutation', name, given),
          };
        case 'queryKey':
          return queryKey(path, input, 'query');
        case 'pathFilter':
          return { queryKey: [path] };
        default:
          throw new Error(`${name}.${method} is not among what the portal uses of tRPC`);
      }
    }),
  );
}

/** For a call outside React Query: `client.audit.verify.query()`. */
export function clientOf(call: Call): TRPCClient<AppRouter> {
  return typedClient(
    paths(({ path, method, input }) => call(method === 'mutate' ? 'mutation' : 'query', path.join('.'), input)),
  );
}

/** Guaranteed by the cases of `optionsOf`; a method it lacks throws at its first use. */
const typedOptions = (proxy: unknown) => proxy as TRPCOptionsProxy<AppRouter>;
/** Guaranteed by `clientOf`: `query` and `mutate` are all that is called. */
const typedClient = (proxy: unknown) => proxy as TRPCClient<AppRouter>;
