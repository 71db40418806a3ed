import type { ProviderRefusal } from '@parapet/contracts/portal/session';
import { refusalByProvider } from '@parapet/control/by-provider';
import type { ControlServices } from '@parapet/control/context';
import type { Tx } from '@parapet/db/tenant';
import type { BetterAuthOptions, BetterAuthPlugin } from 'better-auth';
import { createAuthMiddleware, getOAuthState } from 'better-auth/api';
import { genericOAuth, type twoFactor } from 'better-auth/plugins';

/** A company's OpenID Connect provider, beside passwords. */
export interface OidcConfig {
  /** Its issuer: where `/.well-known/openid-configuration` is. */
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** What its people call it, for the button. */
  name: string;
  /** Takes an address whose `email_verified` claim is missing as verified: for a provider that checks but doesn't say so. */
  trustEmail: boolean;
}

export const oidcProviderId = 'oidc';

/** The route that the provider sends people back to, as better-auth names it. */
export const callbackRoute = '/callback/:id';

/** The hash of the invitation's link that a sign-in began at; it travels in the flow's state, which only we write. */
export async function invitationOfFlow(): Promise<string | null> {
  const hash: unknown = (await getOAuthState())?.invitationHash;
  return typeof hash === 'string' ? hash : null;
}

/** Code flow with PKCE, state and nonce; an ID token that the provider's keys did not sign is refused. */
export const oidcPlugin = (config: OidcConfig) =>
  genericOAuth({
    config: [
      {
        providerId: oidcProviderId,
        discoveryUrl: `${config.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
        clientId: config.clientId,
        clientSecret: config.clientSecret,
        scopes: ['openid', 'profile', 'email'],
        pkce: true,
        requireIdTokenVerification: true,
        mapProfileToUser: ({ name, preferred_username, email, email_verified }) => ({
          name: String(name || preferred_username || email || '').slice(0, 80),
          image: undefined,
          ...(config.trustEmail && email_verified === undefined && { emailVerified: true }),
        }),
      },
    ],
  });

type ValidateUserInfo = NonNullable<NonNullable<BetterAuthOptions['user']>['validateUserInfo']>;

/** Holds who comes by the provider to control's rules; `inHand` runs in the transaction of the request, if it has one. */
export function providerGate(
  services: ControlServices,
  signUp: 'open' | 'invited',
  inHand: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>,
): ValidateUserInfo {
  return async ({ user, source }) => {
    if (source.method !== 'oauth') return;
    const person = {
      userId: source.action === 'create-user' ? null : String(user.id),
      email: user.email ?? '',
      emailVerified: user.emailVerified === true,
    };
    const invitationHash = await invitationOfFlow();
    const refusal = await inHand((tx) =>
      refusalByProvider(tx, person, { signUp, invitationHash, now: services.now() }),
    );
    if (refusal !== null) return { error: refusal satisfies ProviderRefusal };
  };
}

/**
 * Asks for the second factor after the provider too: better-auth's plugin does so after a password alone. Its own
 * challenge runs at the provider's callback; what it answers in JSON becomes the way to the portal's page for codes.
 */
export function secondFactorAfterProvider(plugin: ReturnType<typeof twoFactor>, publicUrl: string): BetterAuthPlugin {
  const challenge = plugin.hooks.after[0]?.handler;
  if (challenge === undefined) throw new Error('better-auth’s two-factor plugin no longer asks after a sign-in.');
  const atCallback = (context: { path?: string }) => context.path === callbackRoute;
  return {
    id: 'second-factor-after-provider',
    hooks: {
      after: [
        { matcher: atCallback, handler: challenge },
        {
          matcher: atCallback,
          handler: createAuthMiddleware(async (ctx) => {
            const answer = ctx.context.returned;
            if (typeof answer !== 'object' || answer === null || !('twoFactorRedirect' in answer)) return;
            const next: unknown = (await getOAuthState())?.next;
            const page = new URL('/two-factor', publicUrl);
            page.searchParams.set('next', typeof next === 'string' ? next : '/');
            throw ctx.redirect(page.href);
          }),
        },
      ],
    },
  };
}
