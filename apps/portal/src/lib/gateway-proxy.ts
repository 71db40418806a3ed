import { serverEnv } from '#env';

/** Headers that belong to one hop, or that fetch sets for itself. */
const hopHeaders = ['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'host', 'expect', 'te', 'trailer'];

/** /v1 takes a session only with it; empty means the session's own organisation. */
const organisationHeader = 'x-parapet-organization';

/**
 * Passes a request on to the gateway and its answer back, both as streams: the browser sees one origin, so the
 * session's cookie needs no CORS. A browser that goes away aborts the gateway's request too.
 */
async function forward(request: Request): Promise<Response> {
  const { pathname, search, host, protocol } = new URL(request.url);
  const headers = new Headers(request.headers);
  for (const name of hopHeaders) headers.delete(name);
  if (!headers.has('x-forwarded-host')) headers.set('x-forwarded-host', request.headers.get('host') ?? host);
  if (!headers.has('x-forwarded-proto')) headers.set('x-forwarded-proto', protocol.replace(':', ''));
  headers.set('accept-encoding', 'identity');
  // A download link can't carry the header that proves a call is the portal's own; the browser's word is as good.
  if (request.headers.get('sec-fetch-site') === 'same-origin' && !headers.has(organisationHeader)) {
    headers.set(organisationHeader, '');
  }
  const init: RequestInit & { duplex?: 'half' } = {
    method: request.method,
    headers,
    body: request.body,
    signal: request.signal,
    redirect: 'manual',
    cache: 'no-store',
    duplex: 'half',
  };
  try {
    const answer = await fetch(new URL(pathname + search, serverEnv().GATEWAY_URL), init);
    const out = new Headers(answer.headers);
    for (const name of hopHeaders) out.delete(name);
    // A compressor would hold events back until its buffer is full.
    if (out.get('content-type')?.startsWith('text/event-stream')) out.set('cache-control', 'no-cache, no-transform');
    return new Response(answer.body, { status: answer.status, statusText: answer.statusText, headers: out });
  } catch {
    if (request.signal.aborted) return new Response(null, { status: 499 });
    return Response.json(
      {
        error: {
          message: 'The gateway does not answer. Retry in a moment; if it persists, the platform is not running.',
          type: 'server_error',
          param: null,
          code: 'engine_unavailable',
        },
      },
      { status: 503, headers: { 'retry-after': '2' } },
    );
  }
}

export { forward as DELETE, forward as GET, forward as PATCH, forward as POST, forward as PUT };
