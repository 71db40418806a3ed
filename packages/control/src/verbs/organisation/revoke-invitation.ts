import { ParapetError } from '@parapet/contracts/errors';
import { revokeInvitationInputSchema } from '@parapet/contracts/portal/organisation';
import { invitations } from '@parapet/db/schema';
import { and, eq, isNull } from 'drizzle-orm';
import { defineVerb } from '../../verb.ts';

/** Makes an open invitation's link worthless. */
export const revokeInvitation = defineVerb(
  'organisation.revokeInvitation',
  revokeInvitationInputSchema,
  ({ write, tenancy, now }, input) =>
    write(async (tx) => {
      const [row] = await tx
        .update(invitations)
        .set({ revokedAt: now })
        .where(
          and(
            eq(invitations.orgId, tenancy.id),
            eq(invitations.id, input.invitationId),
            isNull(invitations.acceptedAt),
            isNull(invitations.revokedAt),
          ),
        )
        .returning();
      if (!row) throw new ParapetError('not_found', 'No open invitation of that id.');
      return {
        view: null,
        audit: { target: { kind: 'invitation', id: row.id }, before: { email: row.email, role: row.role } },
      };
    }),
);
