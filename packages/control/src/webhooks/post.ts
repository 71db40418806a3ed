import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { isInside, publicLookup } from './public-address.ts';

const timeoutMs = 10_000;

export type PostResult = { status: number } | { failure: string };

/**
 * Posts a body once; follows no redirect, reads no answer. Addresses of this machine's own network are reached only
 * where `allowInside` says so.
 */
export function post(
  url: string,
  headers: Record<string, string>,
  body: string,
  allowInside: boolean,
): Promise<PostResult> {
  return new Promise((done) => {
    const target = new URL(url);
    const host = target.hostname.replace(/^\[|\]$/g, '');
    if (!allowInside && isIP(host) !== 0 && isInside(host)) {
      return done({ failure: `${host} is an address inside this network` });
    }
    const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = send(target, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      timeout: timeoutMs,
      agent: false,
      ...(allowInside ? {} : { lookup: publicLookup }),
    });
    const deadline = setTimeout(() => request.destroy(new Error('no answer within 10 s')), timeoutMs);
    request.on('response', (response) => {
      clearTimeout(deadline);
      response.destroy();
      done({ status: response.statusCode ?? 0 });
    });
    request.on('timeout', () => request.destroy(new Error('no answer within 10 s')));
    request.on('error', (error) => {
      clearTimeout(deadline);
      done({ failure: error.message.slice(0, 200) });
    });
    request.end(body);
  });
}
