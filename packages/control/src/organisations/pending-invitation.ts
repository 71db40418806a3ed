import { invitations } from '@parapet/db/schema';
import type { Tx } from '@parapet/db/tenant';
import { and, asc, eq, gt, isNull, sql } from 'drizzle-orm';

/**
 * The id of an invitation that waits for this address: the one whose link the person came by, else the oldest; null =
 * none. Only for an address that is shown to be the person's: being asked for is all it takes.
 */
export async function pendingInvitation(
  tx: Tx,
  { email, tokenHash, now }: { email: string; tokenHash: string | null; now: Date },
): Promise<string | null> {
  const [row] = await tx
    .select({ id: invitations.id })
    .from(invitations)
    .where(
      and(
        eq(invitations.email, email.toLowerCase()),
        isNull(invitations.acceptedAt),
        isNull(invitations.revokedAt),
        gt(invitations.expiresAt, now),
      ),
    )
    .orderBy(sql`${invitations.tokenHash} = ${tokenHash ?? ''} desc`, asc(invitations.createdAt), asc(invitations.id))
    .limit(1);
  return row?.id ?? null;
}
