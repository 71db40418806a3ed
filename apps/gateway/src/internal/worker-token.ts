import { createHash, timingSafeEqual } from 'node:crypto';
import { ParapetError } from '@parapet/contracts/errors';
import type { FastifyRequest } from 'fastify';

const digest = (text: string) => createHash('sha256').update(text).digest();

/** A hook that lets in only who carries the workers' secret. */
export function requireWorkerToken(workerToken: string): (request: FastifyRequest) => Promise<void> {
  const expected = digest(`Bearer ${workerToken}`);
  return async (request) => {
    if (!timingSafeEqual(digest(request.headers.authorization ?? ''), expected)) {
      throw new ParapetError('unauthenticated', 'This is for workers: the token is missing or wrong.');
    }
  };
}
