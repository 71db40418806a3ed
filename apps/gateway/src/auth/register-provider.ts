import { fromZodError, ParapetError } from '@parapet/contracts/errors';
import { providerSignInSchema } from '@parapet/contracts/portal/session';
import { hashInvitationToken } from '@parapet/control/invitation-token';
import type { FastifyInstance } from 'fastify';
import { answerBy, sendAnswer } from './answer-by.ts';
import { refuseAttempt } from './attempts.ts';
import type { Auth } from './auth.ts';
import { oidcProviderId } from './oidc.ts';
import { refuseForeignOrigin } from './origin.ts';
import type { AuthRouteOptions } from './register-auth.ts';

/** How long the provider may take, whatever we ask it. */
const patienceMs = 15_000;

/**
 * Mounts sign-in at the company's identity provider. It has an instance of better-auth to itself, so that a provider that
 * hangs holds up nobody's password; and the browser says no more than where to go afterwards.
 */
export function registerProvider(
  app: FastifyInstance,
  auth: Auth,
  { publicUrl, allowed, metering }: AuthRouteOptions,
): void {
  const page = (path: string) => new URL(path, publicUrl).href;

  /** Answers `{ url }`: where the browser goes next. */
  app.post('/auth/provider', async (request, reply) => {
    refuseForeignOrigin(request.headers, allowed);
    if (await refuseAttempt(metering, request, reply)) return reply;
    const wanted = providerSignInSchema.safeParse(request.body ?? {});
    if (!wanted.success) throw fromZodError(wanted.error);
    const { next } = wanted.data;
    const token = /^\/invitation\/([^/?]+)/.exec(next)?.[1];
    const begin = {
      provider: oidcProviderId,
      callbackURL: page(next),
      // Who is new has taken the invitation by then.
      newUserCallbackURL: page(token === undefined ? next : '/'),
      errorCallbackURL: page(`/sign-in?next=${encodeURIComponent(next)}`),
      additionalData: { next, invitationHash: token === undefined ? null : hashInvitationToken(token) },
      disableRedirect: true,
    };
    const answer = await inTime(answerBy(auth, request, new URL('/auth/sign-in/social', publicUrl), begin));
    // better-auth knows no provider whose description it could not fetch.
    if (answer === null || answer.status === 404) {
      throw new ParapetError(
        'provider_unreachable',
        'The identity provider does not answer. Try again in a moment, or sign in with your password.',
      );
    }
    return sendAnswer(answer, reply);
  });

  app.get('/auth/callback/oidc', async (request, reply) => {
    if (await refuseAttempt(metering, request, reply)) return reply;
    const answer = await inTime(answerBy(auth, request, new URL(request.url, publicUrl)));
    if (answer === null) return reply.redirect(page('/sign-in?error=provider_unreachable'));
    return sendAnswer(answer, reply);
  });
}

/** null = it took longer than people wait. */
async function inTime(answer: Promise<Response>): Promise<Response | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), patienceMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
    // One that fails when nobody waits for it any more is nobody's business.
    answer.catch(() => {});
  }
}
