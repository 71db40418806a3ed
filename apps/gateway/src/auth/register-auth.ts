import type { Metering } from '@parapet/metering/metering';
import { fromNodeHeaders } from 'better-auth/node';
import type { FastifyInstance } from 'fastify';
import { type Auth, clientAddressHeader } from './auth.ts';
import { refuseForeignOrigin } from './origin.ts';

/** Attempts a minute from one address, whichever gateways they come to. */
const attemptsPerMinute: Record<string, number> = {
  '/auth/sign-in/email': 30,
  '/auth/sign-up/email': 30,
  '/auth/two-factor/verify-totp': 10,
  '/auth/two-factor/verify-backup-code': 10,
};

/** Mounts sign-in, sign-up, sign-out and two-factor under /auth. */
export function registerAuth(
  app: FastifyInstance,
  auth: Auth,
  { publicUrl, allowed, metering }: { publicUrl: string; allowed: ReadonlySet<string>; metering: Metering },
): void {
  app.route({
    method: ['GET', 'POST'],
    url: '/auth/*',
    handler: async (request, reply) => {
      if (request.method !== 'GET') refuseForeignOrigin(request.headers, allowed);
      const path = plain(request.url);
      const limit = attemptsPerMinute[path];
      const waitMs = limit === undefined ? null : await metering.take(`${path} ${request.ip}`, limit);
      if (waitMs !== null) {
        const seconds = String(Math.ceil(waitMs / 1000));
        // In better-auth's form, which its clients read.
        const refusal = { code: 'TOO_MANY_REQUESTS', message: `Too many attempts: try again in ${seconds} s.` };
        return reply.code(429).header('retry-after', seconds).header('x-retry-after', seconds).send(refusal);
      }
      const headers = fromNodeHeaders(request.headers);
      headers.set(clientAddressHeader, request.ip);
      headers.delete('content-length');
      const url = new URL(request.url, publicUrl);
      const body = request.method === 'POST' ? JSON.stringify(request.body ?? {}) : null;
      const answer = await auth.handler(new Request(url, { method: request.method, headers, body }));
      reply.code(answer.status);
      for (const [name, value] of answer.headers) if (name !== 'set-cookie') reply.header(name, value);
      const cookies = answer.headers.getSetCookie();
      if (cookies.length > 0) reply.header('set-cookie', cookies);
      return reply.send(await answer.text());
    },
  });
}

/** A URL's path in its one plain form, so that no spelling of it goes around a limit. */
function plain(url: string): string {
  const path = url.split('?', 1)[0]!;
  try {
    return decodeURIComponent(path).replace(/\/+/g, '/').replace(/\/$/, '').toLowerCase();
  } catch {
    return path;
  }
}
