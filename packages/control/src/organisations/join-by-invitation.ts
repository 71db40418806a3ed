import { ParapetError } from '@parapet/contracts/errors';
import { newId } from '@parapet/contracts/ids';
import type { Role } from '@parapet/contracts/roles';
import { invitations, members, users } from '@parapet/db/schema';
import type { Tx } from '@parapet/db/tenant';
import { and, eq, or } from 'drizzle-orm';
import { invitationState } from './invitation-state.ts';
import { hashInvitationToken } from './invitation-token.ts';

/**
 * Makes a person a member by an invitation. The link's secret alone is not enough: the e-mail address must be the
 * invited one, so that a forwarded link lets no one else in. The invitation's id is enough only for an address that
 * is verified (which coming by the link does): anyone may sign up under an address that isn't theirs.
 */
export async function joinByInvitation(
  tx: Tx,
  by: { tokenOrId: string; userId: string; email: string; now: Date },
): Promise<{ orgId: string; memberId: string; role: Role }> {
  const [row] = await tx
    .select()
    .from(invitations)
    .where(or(eq(invitations.tokenHash, hashInvitationToken(by.tokenOrId)), eq(invitations.id, by.tokenOrId)))
    .for('update');
  if (!row || row.email !== by.email.toLowerCase()) {
    throw new ParapetError('not_found', 'No such invitation for this e-mail address. Sign in with the invited one.');
  }
  const byLink = row.tokenHash === hashInvitationToken(by.tokenOrId);
  const [user] = await tx.select({ verified: users.emailVerified }).from(users).where(eq(users.id, by.userId));
  if (!byLink && user?.verified !== true) {
    throw new ParapetError('permission_denied', 'Open the link of the invitation: it shows that the address is yours.');
  }
  const state = invitationState(row, by.now);
  if (state !== 'pending') throw new ParapetError('conflict', `This invitation is ${state}. Ask for a new one.`);
  if (byLink) await tx.update(users).set({ emailVerified: true, updatedAt: by.now }).where(eq(users.id, by.userId));
  await tx.update(invitations).set({ acceptedAt: by.now }).where(eq(invitations.id, row.id));
  const [already] = await tx
    .select()
    .from(members)
    .where(and(eq(members.orgId, row.orgId), eq(members.userId, by.userId)));
  if (already) return { orgId: row.orgId, memberId: already.id, role: already.role };
  const memberId = newId('member');
  const at = { createdAt: by.now, updatedAt: by.now };
  await tx.insert(members).values({ id: memberId, orgId: row.orgId, userId: by.userId, role: row.role, ...at });
  return { orgId: row.orgId, memberId, role: row.role };
}
