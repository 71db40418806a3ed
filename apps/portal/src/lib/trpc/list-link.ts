import type { AppRouter } from '@parapet/gateway/trpc';
import type { TRPCLink } from '@trpc/client';

/**
 * Infinite queries add the `direction` they read in to a list's input. Our lists only go forward and refuse fields
 * they don't know, so it stays here.
 */
export const listLink: TRPCLink<AppRouter> = () => {
  return ({ op, next }) => {
    const { input } = op;
    if (op.type !== 'query' || typeof input !== 'object' || input === null || !('direction' in input)) return next(op);
    const { direction: _, ...rest } = input;
    return next({ ...op, input: rest });
  };
};
