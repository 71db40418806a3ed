import { pino } from 'pino';
import { expect, test } from 'vitest';
import { createApp } from './app.ts';

/** The address that a request counts as: it came from `socket`, whose sender forwards for others. */
async function addressOf(trustProxy: boolean | string[], socket: string): Promise<string> {
  const { app } = createApp(pino({ level: 'silent' }), trustProxy);
  app.get('/who', async (request) => request.ip);
  const headers = { 'x-forwarded-for': '198.51.100.1, 203.0.113.9, 10.0.0.7' };
  const answer = await app.inject({ url: '/who', remoteAddress: socket, headers });
  await app.close();
  return answer.body;
}

test('a forwarded address is believed of the proxies that are named, up to the first that is none', async () => {
  expect(await addressOf(false, '10.0.0.8')).toBe('10.0.0.8');
  expect(await addressOf(['10.0.0.0/8', 'loopback'], '10.0.0.8')).toBe('203.0.113.9');
  expect(await addressOf(['10.0.0.0/8', 'loopback'], '192.0.2.1')).toBe('192.0.2.1');
  // Everyone is believed: the first address is whatever the client wrote.
  expect(await addressOf(true, '192.0.2.1')).toBe('198.51.100.1');
});
