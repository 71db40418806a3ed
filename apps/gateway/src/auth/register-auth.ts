import { ParapetError } from '@parapet/contracts/errors';
import type { Metering } from '@parapet/metering/metering';
import type { FastifyInstance } from 'fastify';
import { answerBy, sendAnswer } from './answer-by.ts';
import { refuseAttempt } from './attempts.ts';
import type { Auth } from './auth.ts';
import { refuseForeignOrigin } from './origin.ts';

export interface AuthRouteOptions {
  /** What people type to reach the portal. */
  publicUrl: string;
  /** Origins whose pages may call with a session cookie. */
  allowed: ReadonlySet<string>;
  metering: Metering;
}

/** Mounts sign-in, sign-up, sign-out and two-factor under /auth. */
export function registerAuth(
  app: FastifyInstance,
  auth: Auth,
  { publicUrl, allowed, metering }: AuthRouteOptions,
): void {
  app.route({
    method: ['GET', 'POST'],
    url: '/auth/*',
    handler: async (request, reply) => {
      if (request.method !== 'GET') refuseForeignOrigin(request.headers, allowed);
      if (await refuseAttempt(metering, request, reply)) return reply;
      const answer = await answerBy(auth, request, new URL(request.url, publicUrl));
      if (answer.status === 404 && answer.body === null) {
        throw new ParapetError('not_found', `There is nothing at ${request.method} ${request.url.split('?', 1)[0]}.`);
      }
      return sendAnswer(answer, reply);
    },
  });
}
