import type { Socket } from 'node:net';
import { ParapetError } from '@parapet/contracts/errors';
import type { SignInOptions } from '@parapet/contracts/portal/session';
import type { ControlServices } from '@parapet/control/context';
import { fastifyTRPCPlugin } from '@trpc/server/adapters/fastify';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { refuseForeignOrigin } from '../auth/origin.ts';
import type { SessionAuthenticator } from '../auth/session.ts';
import { refusalOf, type TrpcContext } from './base.ts';
import { type AppRouter, appRouter } from './router.ts';

export interface TrpcOptions {
  services: ControlServices;
  sessions: SessionAuthenticator;
  /** Origins whose pages may call with a session. */
  allowed: ReadonlySet<string>;
  /** How people get in, for the pages that nobody is signed in on. */
  signIn: SignInOptions;
  log: Logger;
}

/** Mounts the portal's API under /trpc; live progress is server-sent events there. */
export async function registerTrpc(
  app: FastifyInstance,
  { services, sessions, allowed, signIn, log }: TrpcOptions,
): Promise<void> {
  cutStreamsOnClose(app);
  await app.register(fastifyTRPCPlugin<AppRouter>, {
    prefix: '/trpc',
    trpcOptions: {
      router: appRouter,
      async createContext({ req }): Promise<TrpcContext> {
        try {
          refuseForeignOrigin(req.headers, allowed);
          return {
            services,
            person: await sessions.authenticate(req.headers),
            origin: { ip: req.ip, userAgent: req.headers['user-agent'] ?? null, requestId: req.id },
            signIn,
          };
        } catch (error) {
          // tRPC takes any other error from here for a failure of ours.
          if (error instanceof ParapetError) throw refusalOf(error);
          throw error;
        }
      },
      onError({ error, path, req }) {
        if (error.code === 'INTERNAL_SERVER_ERROR') {
          log.error({ err: error.cause ?? error, procedure: path, requestId: req.id }, 'procedure failed');
        }
      },
    },
  });
}

/**
 * Cuts the event streams when the gateway closes, instead of waiting for followers to go. A stream that is cut, unlike
 * one that is ended, is opened again by its follower, at another gateway or at this one when it is back.
 */
function cutStreamsOnClose(app: FastifyInstance): void {
  const streams = new Set<Socket>();
  app.addHook('onRequest', async (request) => {
    if (!request.url.startsWith('/trpc/') || !request.headers.accept?.includes('text/event-stream')) return;
    const { socket } = request.raw;
    streams.add(socket);
    socket.once('close', () => streams.delete(socket));
  });
  app.addHook('preClose', async () => {
    for (const socket of streams) socket.destroy();
  });
}
