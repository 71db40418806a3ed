import { ParapetError } from '@parapet/contracts/errors';
import { asTenantId } from '@parapet/contracts/ids';
import { acceptInvitationInputSchema } from '@parapet/contracts/portal/session';
import { sessions } from '@parapet/db/schema';
import { eq } from 'drizzle-orm';
import { joinByInvitation } from '../../organisations/join-by-invitation.ts';
import { organisationsOf } from '../../organisations/session-view.ts';
import { defineVerb } from '../../verb.ts';

/** Joins the organisation that invited this person; their session then is about it. */
export const acceptInvitation = defineVerb(
  'session.acceptInvitation',
  acceptInvitationInputSchema,
  ({ write, principal, now }, input) =>
    write(async (tx) => {
      const joined = await joinByInvitation(tx, { ...input, userId: principal.userId, email: principal.email, now });
      await tx
        .update(sessions)
        .set({ activeOrgId: joined.orgId, updatedAt: now })
        .where(eq(sessions.id, principal.sessionId));
      const organisation = (await organisationsOf(tx, principal.userId)).find(({ id }) => id === joined.orgId);
      if (!organisation) throw new ParapetError('not_found', 'This organisation is no more.');
      return {
        view: organisation,
        audit: {
          target: { kind: 'member', id: joined.memberId },
          after: { role: joined.role, email: principal.email },
        },
        auditOrg: asTenantId(joined.orgId),
      };
    }),
);
