import { request as ask, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A proxy as it stands before a gateway: it has the public address, and says in headers what it was asked for. */
export interface ReverseProxy {
  url: string;
  /** Base URL of what lies behind it. */
  target: string;
  close(): Promise<void>;
}

export async function startReverseProxy(): Promise<ReverseProxy> {
  const server = createServer((incoming, outgoing) => {
    const { host = '' } = incoming.headers;
    const headers = {
      ...incoming.headers,
      'x-forwarded-host': host,
      'x-forwarded-proto': 'http',
      host: 'inside.invalid',
    };
    const onward = ask(new URL(incoming.url ?? '/', proxy.target), { method: incoming.method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.writeHead(502).end());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: ReverseProxy = {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    target: '',
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return proxy;
}
