import { AsyncLocalStorage } from 'node:async_hooks';
import { ParapetError } from '@parapet/contracts/errors';
import { newId } from '@parapet/contracts/ids';
import type { ControlServices } from '@parapet/control/context';
import { ensureMembership } from '@parapet/control/people';
import type { Db } from '@parapet/db/client';
import { authSchema } from '@parapet/db/schema';
import { asPlatform, type Tx } from '@parapet/db/tenant';
import { betterAuth } from 'better-auth';
import { drizzleAdapter } from 'better-auth/adapters/drizzle';
import { APIError } from 'better-auth/api';
import { genericOAuth, twoFactor } from 'better-auth/plugins';

export interface AuthConfig {
  /** Signs sessions; 32 characters or more. */
  secret: string;
  /** What people type to reach the portal; sessions are set for its origin. */
  publicUrl: string;
  /** More origins that may call with a session cookie. */
  trustedOrigins?: readonly string[];
  /** Whether anyone may sign up, or only who is invited. */
  signUp?: 'open' | 'invited';
  /** Sign-in at a company's identity provider, beside passwords. */
  oidc?: { discoveryUrl: string; clientId: string; clientSecret: string } | null;
}

/** Set by `registerAuth` from the socket (or a trusted proxy), over whatever the client sent. */
export const clientAddressHeader = 'x-parapet-client-address';
/** The secret of an invitation's link, sent along with the sign-up. */
export const invitationHeader = 'x-parapet-invitation';

/** The name of the organisation that a sign-up makes, percent-encoded. */
export const organisationNameHeader = 'x-parapet-organisation-name';

/** Percent-decoded; null for what is no such text. */
function decoded(text: string | null): string | null {
  try {
    return text === null ? null : decodeURIComponent(text);
  } catch {
    return null;
  }
}

const idKinds: Record<string, 'user' | 'session'> = { user: 'user', session: 'session' };

/** People's sign-in: e-mail and password, TOTP, optional OIDC; rows in the control plane's own database. */
export function createAuth(services: ControlServices, config: AuthConfig) {
  const { database } = services;
  // The transaction of the request in hand: better-auth opens it, our hook joins it.
  const current = new AsyncLocalStorage<Tx>();
  const inTransaction: Db = Object.create(database.db, {
    transaction: {
      value: (work: (tx: Tx) => Promise<unknown>) => database.db.transaction((tx) => current.run(tx, () => work(tx))),
    },
  });
  const secure = config.publicUrl.startsWith('https:');
  return betterAuth({
    appName: 'Parapet',
    secret: config.secret,
    baseURL: config.publicUrl,
    basePath: '/auth',
    trustedOrigins: [config.publicUrl, ...(config.trustedOrigins ?? [])].map((url) => new URL(url).origin),
    database: drizzleAdapter(inTransaction, { provider: 'pg', schema: authSchema, transaction: true }),
    emailAndPassword: { enabled: true, minPasswordLength: 10, maxPasswordLength: 128, autoSignIn: true },
    session: { expiresIn: 14 * 86_400, updateAge: 86_400 },
    user: { additionalFields: { role: { type: 'string', required: false, input: false } } },
    // In this process alone; `registerAuth` counts attempts for all gateways together.
    rateLimit: {
      enabled: true,
      window: 60,
      max: 300,
      customRules: {
        '/sign-in/email': { window: 60, max: 30 },
        '/sign-up/email': { window: 60, max: 30 },
        '/two-factor/verify-totp': { window: 60, max: 10 },
      },
    },
    advanced: {
      cookiePrefix: 'parapet',
      useSecureCookies: secure,
      ipAddress: { ipAddressHeaders: [clientAddressHeader] },
      database: { generateId: ({ model }) => (idKinds[model] ? newId(idKinds[model]) : crypto.randomUUID()) },
    },
    databaseHooks: {
      session: {
        create: {
          // Within the sign-up's transaction: the person, their account, their place and their session, or none.
          before: async (session, endpoint) => {
            const header = (name: string) => endpoint?.headers?.get(name) ?? null;
            const origin = { ip: header(clientAddressHeader), userAgent: header('user-agent'), requestId: null };
            const invitationToken = header(invitationHeader);
            const signingUp = endpoint?.path?.startsWith('/sign-up') ?? false;
            if (signingUp && config.signUp === 'invited' && invitationToken === null) {
              throw new APIError('FORBIDDEN', { message: 'Sign-up is by invitation: open the link you were given.' });
            }
            const organisationName = decoded(header(organisationNameHeader));
            const person = { userId: session.userId, invitationToken, organisationName, origin, now: services.now() };
            const tx = current.getStore();
            try {
              await (tx
                ? ensureMembership(tx, person)
                : asPlatform(database.db, (own) => ensureMembership(own, person)));
            } catch (error) {
              if (error instanceof ParapetError) throw new APIError('BAD_REQUEST', { message: error.message });
              throw error;
            }
          },
        },
      },
    },
    plugins: [
      twoFactor({ issuer: 'Parapet' }),
      ...(config.oidc
        ? [
            genericOAuth({
              config: [{ providerId: 'oidc', scopes: ['openid', 'profile', 'email'], pkce: true, ...config.oidc }],
            }),
          ]
        : []),
    ],
    telemetry: { enabled: false },
    logger: { disabled: true },
  });
}

export type Auth = ReturnType<typeof createAuth>;
