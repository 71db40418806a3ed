import type { KeyView } from '@parapet/contracts/portal/keys';
import { type KeyScope, keyScopeSchema } from '@parapet/contracts/roles';
import { apiKeys, serviceAccounts, users } from '@parapet/db/schema';
import type { TenantTx } from '@parapet/db/tenant';
import { and, desc, eq, type SQL } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';

type KeyRow = typeof apiKeys.$inferSelect;

/** Scopes as the database holds them; one that this version doesn't know grants nothing. */
export const knownScopes = (scopes: readonly string[] | null): KeyScope[] | null =>
  scopes === null ? null : keyScopeSchema.options.filter((scope) => scopes.includes(scope));

function stateOf(key: KeyRow, replacedBy: string | null, now: Date): KeyView['state'] {
  if (key.revokedAt) return 'revoked';
  if (key.expiresAt === null) return 'active';
  if (key.expiresAt <= now) return 'expired';
  const soon = key.expiresAt.getTime() - now.getTime() < 7 * 86_400_000;
  return soon || replacedBy !== null ? 'expiring' : 'active';
}

/** Keys of the transaction's tenant as they are shown, newest first, 1,000 at most. */
export async function selectKeys(tx: TenantTx, now: Date, where?: SQL): Promise<KeyView[]> {
  const successors = alias(apiKeys, 'successors');
  const rows = await tx
    .select({ key: apiKeys, person: users.name, account: serviceAccounts.name, replacedBy: successors.id })
    .from(apiKeys)
    .leftJoin(users, eq(users.id, apiKeys.createdBy))
    .leftJoin(serviceAccounts, eq(serviceAccounts.id, apiKeys.serviceAccountId))
    .leftJoin(successors, eq(successors.rotatedFrom, apiKeys.id))
    .where(and(eq(apiKeys.orgId, tx.tenantId), where))
    .orderBy(desc(apiKeys.id))
    .limit(1000);
  return rows.map(({ key, person, account, replacedBy }) => ({
    id: key.id,
    name: key.name,
    prefix: key.hint,
    scopes: knownScopes(key.scopes),
    allowedModels: key.allowedModels,
    requestsPerMinute: key.requestsPerMinute,
    tokensPerMinute: key.tokensPerMinute,
    monthlyBudgetMicros: key.budgetMicros,
    owner:
      key.serviceAccountId === null
        ? { kind: 'user', id: key.createdBy ?? '', name: person ?? '' }
        : { kind: 'service_account', id: key.serviceAccountId, name: account ?? '' },
    state: stateOf(key, replacedBy, now),
    createdAt: key.createdAt.getTime(),
    expiresAt: key.expiresAt?.getTime() ?? null,
    lastUsedAt: key.lastUsedAt?.getTime() ?? null,
    revokedAt: key.revokedAt?.getTime() ?? null,
    replacedBy,
  }));
}
