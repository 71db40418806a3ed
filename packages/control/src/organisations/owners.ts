import { ParapetError } from '@parapet/contracts/errors';
import { members } from '@parapet/db/schema';
import type { TenantTx } from '@parapet/db/tenant';
import { and, eq } from 'drizzle-orm';

/** Refuses to leave an organisation without an owner. Locks its owners, so that two can't step down at once. */
export async function keepAnOwner(tx: TenantTx, leaving: string): Promise<void> {
  const owners = await tx
    .select({ id: members.id })
    .from(members)
    .where(and(eq(members.orgId, tx.tenantId), eq(members.role, 'owner')))
    .for('update');
  if (owners.length === 1 && owners[0]?.id === leaving) {
    throw new ParapetError('conflict', 'This is the last owner. Make someone else an owner first.');
  }
}
