import { ParapetError } from '@parapet/contracts/errors';
import type { InvitationPreview } from '@parapet/contracts/portal/session';
import { invitations, organisations } from '@parapet/db/schema';
import { asPlatform } from '@parapet/db/tenant';
import { eq } from 'drizzle-orm';
import type { ControlServices } from '../../context.ts';
import { invitationState } from '../../organisations/invitation-state.ts';
import { hashInvitationToken } from '../../organisations/invitation-token.ts';

/** What the link of an invitation shows; holding its secret is the right to see it, so it needs no sign-in. */
export async function previewInvitation(services: ControlServices, token: string): Promise<InvitationPreview> {
  const [row] = await asPlatform(services.database.db, (tx) =>
    tx
      .select({ invitation: invitations, organisationName: organisations.name })
      .from(invitations)
      .innerJoin(organisations, eq(organisations.id, invitations.orgId))
      .where(eq(invitations.tokenHash, hashInvitationToken(token))),
  );
  if (!row) throw new ParapetError('not_found', 'This invitation does not exist. Ask for a new link.');
  const { email, role, expiresAt } = row.invitation;
  return {
    organisationName: row.organisationName,
    email,
    role,
    expiresAt: expiresAt.getTime(),
    state: invitationState(row.invitation, services.now()),
  };
}
