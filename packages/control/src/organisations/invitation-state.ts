import type { InvitationView } from '@parapet/contracts/portal/organisation';
import type { invitations } from '@parapet/db/schema';

type Row = Pick<typeof invitations.$inferSelect, 'acceptedAt' | 'revokedAt' | 'expiresAt'>;

export function invitationState(row: Row, now: Date): InvitationView['state'] {
  if (row.acceptedAt) return 'accepted';
  if (row.revokedAt) return 'revoked';
  return row.expiresAt <= now ? 'expired' : 'pending';
}
