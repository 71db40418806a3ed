import type { ControlServices } from '@parapet/control/context';
import { fastifyTRPCPlugin } from '@trpc/server/adapters/fastify';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { refuseForeignOrigin } from '../auth/origin.ts';
import type { SessionAuthenticator } from '../auth/session.ts';
import type { TrpcContext } from './base.ts';
import { type AppRouter, appRouter } from './router.ts';

export interface TrpcOptions {
  services: ControlServices;
  sessions: SessionAuthenticator;
  /** Origins whose pages may call with a session. */
  allowed: ReadonlySet<string>;
  log: Logger;
}

/** Mounts the portal's API under /trpc; live progress is server-sent events there. */
export async function registerTrpc(
  app: FastifyInstance,
  { services, sessions, allowed, log }: TrpcOptions,
): Promise<void> {
  await app.register(fastifyTRPCPlugin<AppRouter>, {
    prefix: '/trpc',
    trpcOptions: {
      router: appRouter,
      async createContext({ req }): Promise<TrpcContext> {
        refuseForeignOrigin(req.headers, allowed);
        return {
          services,
          person: await sessions.authenticate(req.headers),
          origin: { ip: req.ip, userAgent: req.headers['user-agent'] ?? null, requestId: req.id },
        };
      },
      onError({ error, path, req }) {
        if (error.code === 'INTERNAL_SERVER_ERROR') {
          log.error({ err: error.cause ?? error, procedure: path, requestId: req.id }, 'procedure failed');
        }
      },
    },
  });
}
