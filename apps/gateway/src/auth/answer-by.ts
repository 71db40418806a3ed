import { fromNodeHeaders } from 'better-auth/node';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Auth, clientAddressHeader } from './auth.ts';

/** Hands a request to better-auth as one for `url`, which lies under the portal's public address. */
export function answerBy(
  auth: Auth,
  request: FastifyRequest,
  url: URL,
  body: unknown = request.body,
): Promise<Response> {
  const headers = fromNodeHeaders(request.headers);
  headers.set(clientAddressHeader, request.ip);
  headers.delete('content-length');
  const { method } = request;
  return auth.handler(
    new Request(url, { method, headers, body: method === 'POST' ? JSON.stringify(body ?? {}) : null }),
  );
}

/** Sends better-auth's answer on. */
export async function sendAnswer(answer: Response, reply: FastifyReply): Promise<FastifyReply> {
  reply.code(answer.status);
  for (const [name, value] of answer.headers) if (name !== 'set-cookie') reply.header(name, value);
  const cookies = answer.headers.getSetCookie();
  if (cookies.length > 0) reply.header('set-cookie', cookies);
  return reply.send(await answer.text());
}
