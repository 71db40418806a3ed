import type { IncomingHttpHeaders } from 'node:http';
import { ParapetError } from '@parapet/contracts/errors';

/**
 * Refuses a call that carries a session cookie from another site's page. Browsers set `Origin` on every request that
 * may change something, and no page can forge it.
 * @throws ParapetError `permission_denied`.
 */
export function refuseForeignOrigin(headers: IncomingHttpHeaders, allowed: ReadonlySet<string>): void {
  if (headers.cookie === undefined) return;
  const { origin } = headers;
  const site = headers['sec-fetch-site'];
  const foreign = origin === undefined ? site === 'cross-site' || site === 'same-site' : !allowed.has(origin);
  if (!foreign) return;
  throw new ParapetError(
    'permission_denied',
    'This request comes from a page of another site. Set the portal’s address (PARAPET_PUBLIC_URL) to the one you use.',
  );
}

/** The origins whose pages may call with a session: the portal's, and others that the config names. */
export const allowedOrigins = (publicUrl: string, more: readonly string[] = []): ReadonlySet<string> =>
  new Set([publicUrl, ...more].map((url) => new URL(url).origin));
