import { ParapetError } from '@parapet/contracts/errors';
import type { KeyAuthenticator } from '@parapet/control/api-keys';
import type { Principal } from '@parapet/control/context';
import type { FastifyRequest } from 'fastify';

export interface Authenticators {
  keys: KeyAuthenticator;
  /** The person behind a session cookie; null = nobody is signed in. */
  session(request: FastifyRequest): Promise<Principal | null>;
}

/**
 * Who calls /v1: an API key, or a person signed in to the portal. A session must come with the header
 * `x-parapet-organization`, which no foreign page can send: a cookie alone proves nothing.
 */
export async function authenticate(request: FastifyRequest, { keys, session }: Authenticators): Promise<Principal> {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const key = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
    if (key !== undefined) return keys.authenticate(key);
    throw new ParapetError('invalid_api_key', 'Send the API key as "Authorization: Bearer pk_live_…".');
  }
  if (request.headers['x-parapet-organization'] !== undefined) {
    const person = await session(request);
    if (person) return person;
  }
  throw new ParapetError(
    'invalid_api_key',
    'You sent no API key. Send it as "Authorization: Bearer pk_live_…"; the portal makes keys, under Keys.',
  );
}
