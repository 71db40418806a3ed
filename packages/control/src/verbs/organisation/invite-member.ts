import { ParapetError } from '@parapet/contracts/errors';
import { newId } from '@parapet/contracts/ids';
import { type CreatedInvitation, inviteMemberInputSchema } from '@parapet/contracts/portal/organisation';
import { invitations } from '@parapet/db/schema';
import { and, eq, gt, isNull } from 'drizzle-orm';
import { mintInvitationToken } from '../../organisations/invitation-token.ts';
import { defineVerb } from '../../verb.ts';
import { selectMembers } from './list-members.ts';

const daysOpen = 7;
const maxPending = 100;

/** Invites an e-mail address for a week. A new invitation takes the place of an older one to the same address. */
export const inviteMember = defineVerb(
  'organisation.invite',
  inviteMemberInputSchema,
  ({ write, tenancy, principal, now }, input) =>
    write(async (tx) => {
      const email = input.email.toLowerCase();
      if (input.role === 'owner' && tenancy.role !== 'owner') {
        throw new ParapetError('permission_denied', 'Only an owner can invite an owner.');
      }
      if ((await selectMembers(tx, tenancy.id)).some((member) => member.email === email)) {
        throw new ParapetError('conflict', `${email} is a member already.`, { param: 'email' });
      }
      const open = and(
        eq(invitations.orgId, tenancy.id),
        isNull(invitations.acceptedAt),
        isNull(invitations.revokedAt),
        gt(invitations.expiresAt, now),
      );
      await tx
        .update(invitations)
        .set({ revokedAt: now })
        .where(and(open, eq(invitations.email, email)));
      if ((await tx.$count(invitations, open)) >= maxPending) {
        throw new ParapetError('conflict', `${maxPending} invitations wait already: revoke some first.`);
      }
      const { token, tokenHash } = mintInvitationToken();
      const id = newId('invitation', now.getTime());
      const expiresAt = new Date(now.getTime() + daysOpen * 86_400_000);
      const invitedBy = principal.kind === 'user' ? principal.userId : null;
      await tx
        .insert(invitations)
        .values({ id, orgId: tenancy.id, email, role: input.role, tokenHash, invitedBy, expiresAt, createdAt: now });
      const view: CreatedInvitation = {
        invitation: {
          id,
          email,
          role: input.role,
          invitedBy: principal.name,
          createdAt: now.getTime(),
          expiresAt: expiresAt.getTime(),
          state: 'pending',
        },
        token,
        path: `/invitation/${token}`,
      };
      return { view, audit: { target: { kind: 'invitation', id }, after: { email, role: input.role } } };
    }),
);
