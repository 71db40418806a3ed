import type { ProviderRefusal } from '@parapet/contracts/portal/session';
import { users } from '@parapet/db/schema';
import type { Tx } from '@parapet/db/tenant';
import { eq } from 'drizzle-orm';
import type { Origin } from '../access/principal.ts';
import { appendAudit } from '../audit/chain.ts';
import { pendingInvitation } from './pending-invitation.ts';
import { ensureMembership } from './people.ts';

/** What a company's identity provider says of someone who comes by it. */
export interface ProvidedPerson {
  /** The account that the person has here already; null = a newcomer. */
  userId: string | null;
  email: string;
  emailVerified: boolean;
}

/**
 * Why someone may not come in by the identity provider; null = they may.
 *
 * A newcomer's address must be vouched for, for it is what invitations are for and what later decides whose account it
 * is. Platform admins keep to their passwords: nobody else's directory can make or become one.
 */
export async function refusalByProvider(
  tx: Tx,
  person: ProvidedPerson,
  { signUp, invitationHash, now }: { signUp: 'open' | 'invited'; invitationHash: string | null; now: Date },
): Promise<ProviderRefusal | null> {
  if (person.userId !== null) {
    const [user] = await tx.select({ role: users.role }).from(users).where(eq(users.id, person.userId));
    return user?.role === 'admin' ? 'platform_admin' : null;
  }
  if (!person.emailVerified) return 'email_not_verified';
  if (signUp === 'open') return null;
  const invited = await pendingInvitation(tx, { email: person.email, tokenHash: invitationHash, now });
  return invited === null ? 'sign_up_by_invitation' : null;
}

/**
 * Gives who came by the provider their place, as `ensureMembership` does for others; the provider's word for the address
 * stands in for the invitation's link.
 * @throws ParapetError `permission_denied` for a person without place or invitation where sign-up is by invitation.
 */
export async function placeByProvider(
  tx: Tx,
  person: { userId: string; signUp: 'open' | 'invited'; invitationHash: string | null; origin: Origin; now: Date },
): Promise<void> {
  const { userId, signUp, invitationHash, origin, now } = person;
  const [user] = await tx.select({ email: users.email }).from(users).where(eq(users.id, userId));
  if (!user) return;
  const invitationToken = await pendingInvitation(tx, { email: user.email, tokenHash: invitationHash, now });
  await ensureMembership(tx, { userId, invitationToken, mayFound: signUp === 'open', origin, now });
}

/** Writes into the platform's log that a person can sign in by the identity provider from now on. */
export async function recordIdentity(
  tx: Tx,
  { userId, origin, now }: { userId: string; origin: Origin; now: Date },
): Promise<void> {
  const [user] = await tx.select().from(users).where(eq(users.id, userId));
  if (!user) return;
  const { name, email } = user;
  const nowhere = { platformAdmin: false, sessionId: '', tenancy: null, viewing: false } as const;
  await appendAudit(tx, {
    orgId: null,
    action: 'session.addIdentity',
    target: { kind: 'user', id: userId },
    after: { email, by: 'identity provider' },
    principal: { kind: 'user', userId, name, email, ...nowhere },
    origin,
    now,
  });
}
