import type { Metering } from '@parapet/metering/metering';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Attempts a minute from one address, whichever gateways they come to. */
const attemptsPerMinute: Record<string, number> = {
  '/auth/sign-in/email': 30,
  '/auth/sign-up/email': 30,
  '/auth/two-factor/verify-totp': 10,
  '/auth/two-factor/verify-backup-code': 10,
  '/auth/provider': 60,
  '/auth/callback/oidc': 60,
};

/** Counts an attempt at one of the paths above; true when it was refused and the refusal is sent. */
export async function refuseAttempt(
  metering: Metering,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<boolean> {
  const path = plain(request.url);
  const limit = attemptsPerMinute[path];
  const waitMs = limit === undefined ? null : await metering.take(`${path} ${request.ip}`, limit);
  if (waitMs === null) return false;
  const seconds = String(Math.ceil(waitMs / 1000));
  // In better-auth's form, which its clients read.
  const refusal = { code: 'TOO_MANY_REQUESTS', message: `Too many attempts: try again in ${seconds} s.` };
  reply.code(429).header('retry-after', seconds).header('x-retry-after', seconds).send(refusal);
  return true;
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
