import { ParapetError } from '@parapet/contracts/errors';
import { asTenantId } from '@parapet/contracts/ids';
import { members, organisations, sessions, users } from '@parapet/db/schema';
import { asPlatform, type Tx } from '@parapet/db/tenant';
import { and, eq, ne } from 'drizzle-orm';
import type { Origin, Principal } from '../access/principal.ts';
import { appendAudit } from '../audit/chain.ts';
import type { ControlServices } from '../context.ts';
import { insertOrganisation } from './create-organisation.ts';
import { joinByInvitation } from './join-by-invitation.ts';
import { organisationsOf } from './session-view.ts';

/** What someone is told who may not sign up. */
export const byInvitation = 'Sign-up is by invitation: open the link you were given.';

type Person = Extract<Principal, { kind: 'user' }>;

/**
 * Gives a person that belongs nowhere their place: the organisation that invited them, else one of their own. It runs
 * in the transaction of the sign-up, so that nobody is ever half signed up.
 * @throws ParapetError `permission_denied` for a person without an invitation where `mayFound` is false.
 */
export async function ensureMembership(
  tx: Tx,
  person: {
    userId: string;
    /** The secret of an invitation's link; its id, for an address that is verified. */
    invitationToken: string | null;
    /** Whether a person whom nobody invited gets an organisation of their own; unless told, they do. */
    mayFound?: boolean;
    /** Of the organisation that is made; the person's own unless told. */
    organisationName?: string | null;
    origin: Origin;
    now: Date;
  },
): Promise<void> {
  const { userId, invitationToken, origin, now } = person;
  const [user] = await tx.select().from(users).where(eq(users.id, userId));
  if (!user) return;
  if ((await organisationsOf(tx, userId)).length > 0) return;
  const principal: Person = {
    kind: 'user',
    userId,
    name: user.name,
    email: user.email,
    platformAdmin: false,
    sessionId: '',
    tenancy: null,
    viewing: false,
  };
  if (invitationToken !== null) {
    const joined = await joinByInvitation(tx, { tokenOrId: invitationToken, userId, email: user.email, now });
    const record = { target: { kind: 'member', id: joined.memberId }, after: { email: user.email, role: joined.role } };
    const action = 'session.acceptInvitation';
    await appendAudit(tx, { ...record, orgId: joined.orgId, action, principal, origin, now });
    return;
  }
  if (person.mayFound === false) throw new ParapetError('permission_denied', byInvitation);
  const name = person.organisationName?.trim().slice(0, 80) || user.name;
  const made = await insertOrganisation(tx, { name, ownerId: userId, now });
  const record = { target: { kind: 'organisation', id: made.id }, after: { name: made.name, slug: made.slug } };
  await appendAudit(tx, { ...record, orgId: made.id, action: 'session.createOrganisation', principal, origin, now });
}

/**
 * The principal of a session, or null when it has ended. `wanted` is the organisation that the call names, by id or
 * slug; a person who is not in it gets no tenancy at all, rather than another organisation's.
 */
export async function sessionPrincipal(
  services: ControlServices,
  sessionId: string,
  wanted: string | null,
): Promise<Person | null> {
  const now = services.now();
  return asPlatform(services.database.db, async (tx) => {
    const [row] = await tx
      .select({ session: sessions, user: users })
      .from(sessions)
      .innerJoin(users, eq(users.id, sessions.userId))
      .where(eq(sessions.id, sessionId));
    if (!row || row.session.expiresAt <= now || row.user.banned) return null;
    const { session, user } = row;
    const platformAdmin = user.role === 'admin';
    const person = {
      kind: 'user',
      userId: user.id,
      name: user.name,
      email: user.email,
      platformAdmin,
      sessionId,
    } as const;
    if (platformAdmin && session.viewingOrgId && session.viewingUntil && session.viewingUntil > now) {
      const [viewed] = await tx.select().from(organisations).where(eq(organisations.id, session.viewingOrgId));
      if (viewed) return { ...person, tenancy: { ...tenancyOf(viewed), role: 'owner' }, viewing: true };
    }
    const memberships = await tx
      .select({ organisation: organisations, role: members.role })
      .from(members)
      .innerJoin(organisations, eq(organisations.id, members.orgId))
      .where(and(eq(members.userId, user.id), ne(organisations.status, 'deleted')))
      .orderBy(members.createdAt, members.id);
    const chosen =
      wanted !== null
        ? memberships.find(({ organisation }) => organisation.id === wanted || organisation.slug === wanted)
        : (memberships.find(({ organisation }) => organisation.id === session.activeOrgId) ?? memberships[0]);
    const tenancy = chosen ? { ...tenancyOf(chosen.organisation), role: chosen.role } : null;
    return { ...person, tenancy, viewing: false };
  });
}

const tenancyOf = (row: typeof organisations.$inferSelect) => ({
  id: asTenantId(row.id),
  slug: row.slug,
  name: row.name,
  suspended: row.status === 'suspended',
});
