import { ParapetError } from '@parapet/contracts/errors';
import { apiKeys } from '@parapet/db/schema';
import type { TenantTx } from '@parapet/db/tenant';
import { and, eq } from 'drizzle-orm';
import type { Principal, Tenancy } from '../access/principal.ts';
import { includesRole } from '../access/rules.ts';

/** The key, locked, when the caller may change it: their own, or any for admins. A revoked key is past changing. */
export async function changeableKey(
  tx: TenantTx,
  caller: { principal: Principal; tenancy: Tenancy },
  keyId: string,
): Promise<typeof apiKeys.$inferSelect> {
  const [key] = await tx
    .select()
    .from(apiKeys)
    .where(and(eq(apiKeys.orgId, tx.tenantId), eq(apiKeys.id, keyId)))
    .for('update');
  if (!key) throw new ParapetError('not_found', 'No API key of that id in this organisation.');
  const own =
    key.serviceAccountId === null && caller.principal.kind === 'user' && key.createdBy === caller.principal.userId;
  if (!own && !includesRole(caller.tenancy.role, 'admin')) {
    throw new ParapetError('permission_denied', 'Only admins can change keys that are not their own.');
  }
  if (key.revokedAt) throw new ParapetError('conflict', 'This key is revoked.');
  return key;
}
