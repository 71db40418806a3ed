import { AsyncLocalStorage } from 'node:async_hooks';
import { ParapetError } from '@parapet/contracts/errors';
import { newId } from '@parapet/contracts/ids';
import { placeByProvider, recordIdentity } from '@parapet/control/by-provider';
import type { ControlServices } from '@parapet/control/context';
import { byInvitation, ensureMembership } from '@parapet/control/people';
import type { Db } from '@parapet/db/client';
import { authSchema } from '@parapet/db/schema';
import { asPlatform, type Tx } from '@parapet/db/tenant';
import { betterAuth } from 'better-auth';
import { drizzleAdapter } from 'better-auth/adapters/drizzle';
import { APIError } from 'better-auth/api';
import { twoFactor } from 'better-auth/plugins';
import {
  callbackRoute,
  invitationOfFlow,
  type OidcConfig,
  oidcPlugin,
  oidcProviderId,
  providerGate,
  secondFactorAfterProvider,
} from './oidc.ts';

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
  oidc?: OidcConfig | null;
  /** Told, in a sentence without secrets, what went wrong between us and the identity provider. */
  onProblem?: (sentence: string) => void;
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

/** What better-auth says went wrong, and the provider's own word for it; never a whole answer, which may hold a code. */
function problemOf(message: string, reason: unknown): string {
  if (typeof reason !== 'object' || reason === null) return message;
  const { message: said, error } = reason as { message?: unknown; error?: unknown };
  return [message, error, said].filter((text) => typeof text === 'string' && text !== '').join(': ');
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
  const inHand = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => {
    const tx = current.getStore();
    return tx ? work(tx) : asPlatform(database.db, work);
  };
  const originOf = (headers: Headers | undefined) => ({
    ip: headers?.get(clientAddressHeader) ?? null,
    userAgent: headers?.get('user-agent') ?? null,
    requestId: null,
  });
  const { publicUrl, signUp = 'open', oidc = null } = config;
  const secure = publicUrl.startsWith('https:');
  const codes = twoFactor({ issuer: 'Parapet', allowPasswordless: true });
  return betterAuth({
    appName: 'Parapet',
    secret: config.secret,
    baseURL: publicUrl,
    basePath: '/auth',
    trustedOrigins: [publicUrl, ...(config.trustedOrigins ?? [])].map((url) => new URL(url).origin),
    database: drizzleAdapter(inTransaction, { provider: 'pg', schema: authSchema, transaction: true }),
    emailAndPassword: { enabled: true, minPasswordLength: 10, maxPasswordLength: 128, autoSignIn: true },
    session: { expiresIn: 14 * 86_400, updateAge: 86_400 },
    user: {
      additionalFields: { role: { type: 'string', required: false, input: false } },
      validateUserInfo: providerGate(services, signUp, inHand),
    },
    // An account is linked to the provider where both sides have verified the address (better-auth's default).
    account: { updateAccountOnSignIn: false },
    // What is no refusal is thrown, for the gateway's own log; better-auth would print it with its values.
    onAPIError: { errorURL: new URL('/sign-in', publicUrl).href, throw: true },
    // In this process alone; `registerAuth` counts attempts for all gateways together.
    rateLimit: {
      enabled: true,
      window: 60,
      max: 300,
      customRules: {
        '/sign-in/email': { window: 60, max: 30 },
        '/sign-up/email': { window: 60, max: 30 },
        '/sign-in/social': { window: 60, max: 60 },
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
      account: {
        create: {
          before: async (account, endpoint) => {
            if (account.providerId !== oidcProviderId) return;
            const { userId } = account;
            await inHand((tx) =>
              recordIdentity(tx, { userId, origin: originOf(endpoint?.headers), now: services.now() }),
            );
            // The provider is asked who someone is and nothing more: its tokens are of no use here.
            return { data: { accessToken: null, refreshToken: null, idToken: null } };
          },
        },
      },
      session: {
        create: {
          // Within the sign-up's transaction: the person, their account, their place and their session, or none.
          before: async (session, endpoint) => {
            const header = (name: string) => endpoint?.headers?.get(name) ?? null;
            const person = { userId: session.userId, origin: originOf(endpoint?.headers), now: services.now() };
            const invitationToken = header(invitationHeader);
            const signingUp = endpoint?.path?.startsWith('/sign-up') ?? false;
            if (signingUp && signUp === 'invited' && invitationToken === null) {
              throw new APIError('FORBIDDEN', { message: byInvitation });
            }
            const byProvider = endpoint?.path === callbackRoute;
            try {
              if (byProvider) {
                const invitationHash = await invitationOfFlow();
                await inHand((tx) => placeByProvider(tx, { ...person, signUp, invitationHash }));
              } else {
                const organisationName = decoded(header(organisationNameHeader));
                await inHand((tx) => ensureMembership(tx, { ...person, invitationToken, organisationName }));
              }
            } catch (error) {
              if (error instanceof ParapetError) {
                const code = byProvider && error.code === 'permission_denied' ? 'sign_up_by_invitation' : error.code;
                throw new APIError('BAD_REQUEST', { code, message: error.message });
              }
              throw error;
            }
          },
        },
      },
    },
    plugins: [codes, ...(oidc ? [oidcPlugin(oidc), secondFactorAfterProvider(codes, publicUrl)] : [])],
    telemetry: { enabled: false },
    logger: {
      disabled: config.onProblem === undefined,
      level: 'error',
      log: (_level, message, reason) => config.onProblem?.(problemOf(message, reason)),
    },
  });
}

export type Auth = ReturnType<typeof createAuth>;
