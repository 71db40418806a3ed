/** What a gateway may take to answer a worker's small calls. */
export const callTimeoutMs = 10_000;

/** A worker's call to its gateway, with a body in JSON. */
export function postToGateway(gateway: { url: string; token: string }, path: string, body: unknown): Promise<Response> {
  return fetch(gateway.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(callTimeoutMs),
  });
}
