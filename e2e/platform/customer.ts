import { randomBytes } from 'node:crypto';
import type { AppRouter } from '@parapet/gateway/trpc';
import { createTRPCClient, httpLink } from '@trpc/client';
import { runningPlatform } from './running-platform.ts';

/** A person with an organisation of their own, signed in by the API as the portal would. */
export type Customer = {
  name: string;
  email: string;
  password: string;
  trpc: ReturnType<typeof createTRPCClient<AppRouter>>;
};

export async function signUp(name: string): Promise<Customer> {
  const { apiUrl, portalUrl } = await runningPlatform();
  const gateway = new URL(apiUrl).origin;
  const person = {
    name,
    email: `${name}.${randomBytes(4).toString('hex')}@example.com`,
    password: randomBytes(9).toString('hex'),
  };
  const response = await fetch(`${gateway}/auth/sign-up/email`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: portalUrl },
    body: JSON.stringify(person),
  });
  if (!response.ok) throw new Error(`sign-up answered ${response.status}: ${await response.text()}`);
  const cookie = response.headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0])
    .join('; ');
  const trpc = createTRPCClient<AppRouter>({
    links: [httpLink({ url: `${gateway}/trpc`, headers: { cookie, origin: portalUrl } })],
  });
  return { ...person, trpc };
}

export async function apiKeyOf(customer: Customer): Promise<string> {
  return (await customer.trpc.keys.create.mutate({ name: 'e2e' })).secret;
}
