import { fromNodeHeaders } from 'better-auth/node';
import type { FastifyInstance } from 'fastify';
import { type Auth, clientAddressHeader } from './auth.ts';
import { refuseForeignOrigin } from './origin.ts';

/** Mounts sign-in, sign-up, sign-out and two-factor under /auth. */
export function registerAuth(app: FastifyInstance, auth: Auth, publicUrl: string, allowed: ReadonlySet<string>): void {
  app.route({
    method: ['GET', 'POST'],
    url: '/auth/*',
    handler: async (request, reply) => {
      if (request.method !== 'GET') refuseForeignOrigin(request.headers, allowed);
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
