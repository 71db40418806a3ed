import type { InvitationView } from '@parapet/contracts/portal/organisation';
import { invitations, users } from '@parapet/db/schema';
import { desc, eq } from 'drizzle-orm';
import { z } from 'zod';
import { invitationState } from '../../organisations/invitation-state.ts';
import { defineVerb } from '../../verb.ts';

/** The last 200 invitations, newest first. */
export const listInvitations = defineVerb('organisation.invitations', z.void(), ({ read, tenancy, now }) =>
  read(async (tx) => {
    const rows = await tx
      .select({ invitation: invitations, invitedBy: users.name })
      .from(invitations)
      .leftJoin(users, eq(users.id, invitations.invitedBy))
      .where(eq(invitations.orgId, tenancy.id))
      .orderBy(desc(invitations.id))
      .limit(200);
    return rows.map(
      ({ invitation, invitedBy }): InvitationView => ({
        id: invitation.id,
        email: invitation.email,
        role: invitation.role,
        invitedBy: invitedBy ?? '',
        createdAt: invitation.createdAt.getTime(),
        expiresAt: invitation.expiresAt.getTime(),
        state: invitationState(invitation, now),
      }),
    );
  }),
);
