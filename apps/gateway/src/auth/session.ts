import type { IncomingHttpHeaders } from 'node:http';
import type { ControlServices, Principal } from '@parapet/control/context';
import { sessionPrincipal } from '@parapet/control/people';
import { fromNodeHeaders } from 'better-auth/node';
import type { Auth } from './auth.ts';

/** Names, by id or slug, the organisation that a call is about; without it the session's own is meant. */
export const organisationHeader = 'x-parapet-organization';

/** Finds who calls by their session cookie. */
export class SessionAuthenticator {
  constructor(
    private readonly auth: Auth,
    private readonly services: ControlServices,
  ) {}

  /** null = nobody is signed in, or the session has ended. */
  async authenticate(headers: IncomingHttpHeaders): Promise<Extract<Principal, { kind: 'user' }> | null> {
    if (!headers.cookie?.includes('parapet.session_token')) return null;
    const found = await this.auth.api.getSession({ headers: fromNodeHeaders(headers) });
    if (!found) return null;
    const named = headers[organisationHeader];
    const wanted = typeof named === 'string' && named !== '' ? named : null;
    return sessionPrincipal(this.services, found.session.id, wanted);
  }
}
