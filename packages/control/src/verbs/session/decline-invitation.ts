import { ParapetError } from '@parapet/contracts/errors';
import { asTenantId } from '@parapet/contracts/ids';
import { declineInvitationInputSchema } from '@parapet/contracts/portal/session';
import { invitations } from '@parapet/db/schema';
import { and, eq, isNull } from 'drizzle-orm';
import { defineVerb } from '../../verb.ts';

/** Turns down an invitation to the caller's own e-mail address. */
export const declineInvitation = defineVerb(
  'session.declineInvitation',
  declineInvitationInputSchema,
  ({ write, principal, now }, input) =>
    write(async (tx) => {
      const [row] = await tx
        .update(invitations)
        .set({ revokedAt: now })
        .where(
          and(
            eq(invitations.id, input.invitationId),
            eq(invitations.email, principal.email.toLowerCase()),
            isNull(invitations.acceptedAt),
            isNull(invitations.revokedAt),
          ),
        )
        .returning();
      if (!row) throw new ParapetError('not_found', 'No invitation of that id waits for you.');
      return {
        view: null,
        audit: { target: { kind: 'invitation', id: row.id }, after: { declined: true } },
        auditOrg: asTenantId(row.orgId),
      };
    }),
);
