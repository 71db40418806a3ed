import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Interaction, type KoaContextWithOIDC, Provider } from 'oidc-provider';

/** What the provider says of someone; `email_verified` left out is a claim that it does not make. */
export interface ProvidedClaims {
  sub: string;
  email: string;
  email_verified?: boolean;
  name?: string;
  [claim: string]: unknown;
}

/** A real OpenID Connect provider on loopback, at whose door the same person stands until another is sent. */
export interface IdentityProvider {
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** Who signs in next; null = they press “cancel”. */
  person: ProvidedClaims | null;
  /** Paths that were asked for. */
  requests: string[];
  close(): Promise<void>;
}

/** Starts one that knows a single client, with code flow and PKCE (S256) only. */
export async function startIdentityProvider(redirectUri: string): Promise<IdentityProvider> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const people = new Map<string, ProvidedClaims>();
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const clientSecret = randomBytes(24).toString('hex');
  const provider = new Provider(issuer, {
    clients: [{ client_id: 'parapet', client_secret: clientSecret, redirect_uris: [redirectUri] }],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' }] },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'role'] },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
    interactions: { url: (_ctx: KoaContextWithOIDC, interaction: Interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_ctx, id) => {
      const claims = people.get(id);
      return claims && { accountId: id, claims: async () => claims };
    },
  });
  const running: IdentityProvider = {
    issuer,
    clientId: 'parapet',
    clientSecret,
    person: null,
    requests: [],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  const handle = provider.callback();
  server.on('request', (request, response) => {
    running.requests.push(request.url?.split('?', 1)[0] ?? '');
    if (!request.url?.startsWith('/interaction/')) return void handle(request, response);
    void interact(provider, running, people, request, response);
  });
  return running;
}

/** The provider's own pages, pressed through at once. */
async function interact(
  provider: Provider,
  { person, clientId }: IdentityProvider,
  people: Map<string, ProvidedClaims>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { prompt, session } = await provider.interactionDetails(request, response);
  if (person === null) {
    const refusal = { error: 'access_denied', error_description: 'The person cancelled.' };
    return provider.interactionFinished(request, response, refusal);
  }
  people.set(person.sub, person);
  if (prompt.name === 'login') {
    return provider.interactionFinished(request, response, { login: { accountId: person.sub, remember: false } });
  }
  const grant = new provider.Grant({ accountId: session?.accountId ?? person.sub, clientId });
  grant.addOIDCScope('openid email profile');
  return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
}
