import { ParapetError } from '@parapet/contracts/errors';
import { newId } from '@parapet/contracts/ids';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type { Logger } from 'pino';
import { sendError } from './errors.ts';
import { RouteTable } from './routes.ts';

/** Largest JSON body: a context of token ids or text fits many times over. */
const maxBodyBytes = 8 * 1024 * 1024;

declare module 'fastify' {
  interface FastifyRequest {
    /** performance.now() at the arrival. */
    startedAt: number;
  }
}

/**
 * The bare HTTP application: request ids, timing, JSON errors for everything, and one log line a request that holds
 * neither body, query nor header.
 */
export function createApp(
  logger: Logger,
  trustProxy: boolean | string[],
): { app: FastifyInstance; routes: RouteTable } {
  const app = Fastify({
    loggerInstance: logger as unknown as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => newId('request'),
    bodyLimit: maxBodyBytes,
    trustProxy,
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    requestTimeout: 0,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 512 },
    frameworkErrors: (error, request, reply) => {
      reply.header('x-request-id', request.id);
      sendError(error, request, reply);
    },
    clientErrorHandler(_error, socket) {
      if (!socket.writable) return;
      const body =
        '{"error":{"message":"The request could not be read as HTTP.","type":"invalid_request_error","param":null,"code":null}}';
      socket.end(
        `HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
    },
  });
  const routes = new RouteTable();
  routes.watch(app);

  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    // The official Python client names a content type even where it sends no body.
    if (body === '') done(null, undefined);
    else if (escapedNul.test(body as string)) done(nulRefusal(), undefined);
    else parseJson(request, body as string, done);
  });

  app.decorateRequest('startedAt', 0);
  app.addHook('onRequest', async (request, reply) => {
    request.startedAt = performance.now();
    reply.header('x-request-id', request.id);
  });
  app.addHook('onSend', async (request, reply, payload) => {
    reply.header('openai-processing-ms', processingMs(request.startedAt));
    return payload;
  });
  app.addHook('onResponse', async (request, reply) => {
    const line = {
      requestId: request.id,
      method: request.method,
      route: request.routeOptions.url ?? 'none',
      status: reply.statusCode,
      ms: Number(processingMs(request.startedAt)),
    };
    if (isRoutine(line.route)) request.log.debug(line, 'request');
    else request.log.info(line, 'request');
  });
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply));
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '/';
    const methods = routes.methodsAt(path);
    if (methods.length === 0) throw new ParapetError('not_found', `There is nothing at ${request.method} ${path}.`);
    reply.header('allow', methods.join(', '));
    throw new ParapetError('method_not_allowed', `${path} does not take ${request.method}: use ${methods.join(', ')}.`);
  });
  return { app, routes };
}

/** A NUL that JSON writes as an escape; an escaped backslash before it makes it plain text. */
export const escapedNul = /(?<!\\)(?:\\\\)*\\u0000/;

/** Postgres keeps no NUL in text: it is refused at the door, wherever it stands. */
export const nulRefusal = () => new ParapetError('invalid_request', 'The request holds a NUL character: leave it out.');

/** What machines ask all day long. */
const isRoutine = (route: string) =>
  route === '/healthz' || route === '/readyz' || route === '/metrics' || route.startsWith('/internal/');

export const processingMs = (startedAt: number): string => (performance.now() - startedAt).toFixed(0);
