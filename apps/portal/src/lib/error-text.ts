import { common } from '#text/en/common.ts';

/**
 * What to say about a failed call. The gateway's own messages are written for people and shown as they are; anything
 * else (the network, a bug) gets the general sentence.
 */
export function errorText(error: unknown): string {
  if (error instanceof Error && error.name === 'CallError' && error.message !== '') {
    const known = 'data' in error && error.data !== undefined && error.data !== null;
    return known ? error.message : common.unreachable;
  }
  if (error instanceof RefusedError) return error.message;
  return common.unexpected;
}

/** A refusal of /v1 or /auth, with the message they sent. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  constructor(
    message: string,
    readonly status: number,
    readonly code: string | null,
  ) {
    super(message);
  }
}
