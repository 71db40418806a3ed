import { randomBytes } from 'node:crypto';
import type { AppRouter } from '@parapet/gateway/trpc';
import { createTRPCClient, httpLink } from '@trpc/client';

/** A signed-in person, as the portal would be: a session cookie on every call. */
export type Customer = {
  email: string;
  password: string;
  trpc: ReturnType<typeof createTRPCClient<AppRouter>>;
};

const demoEmail = 'demo@example.com';

/** Signs a new customer up; their organisation is made with them. */
export async function signUp(gatewayUrl: string, origin: string): Promise<Customer> {
  const password = randomBytes(12).toString('base64url');
  const cookie = await authenticate(gatewayUrl, origin, '/auth/sign-up/email', {
    name: 'Demo',
    email: demoEmail,
    password,
  });
  return { email: demoEmail, password, trpc: client(gatewayUrl, origin, cookie) };
}

export async function signIn(gatewayUrl: string, origin: string, email: string, password: string): Promise<Customer> {
  const cookie = await authenticate(gatewayUrl, origin, '/auth/sign-in/email', { email, password });
  return { email, password, trpc: client(gatewayUrl, origin, cookie) };
}

async function authenticate(gatewayUrl: string, origin: string, path: string, body: object): Promise<string> {
  const response = await fetch(gatewayUrl + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin },
    body: JSON.stringify(body),
  });
  if (!response.ok) {
    throw new Error(`${path} answered ${response.status}: ${(await response.text()).slice(0, 300)}`);
  }
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';', 1)[0])
    .join('; ');
}

function client(gatewayUrl: string, origin: string, cookie: string) {
  return createTRPCClient<AppRouter>({ links: [httpLink({ url: `${gatewayUrl}/trpc`, headers: { cookie, origin } })] });
}
