import { ParapetError } from '@parapet/contracts/errors';
import { type CreatedKey, createKeyInputSchema } from '@parapet/contracts/portal/keys';
import { apiKeys, serviceAccounts } from '@parapet/db/schema';
import { and, eq, isNull } from 'drizzle-orm';
import { includesRole } from '../../access/rules.ts';
import { mintKey } from '../../keys/key-format.ts';
import { selectKeys } from '../../keys/key-view.ts';
import { defineVerb } from '../../verb.ts';

const maxKeys = 500;

/** A new API key, the caller's own or a service account's. Its secret is in this answer and nowhere else, ever. */
export const createKey = defineVerb('keys.create', createKeyInputSchema, ({ write, tenancy, principal, now }, input) =>
  write(
    async (tx): Promise<{ view: CreatedKey; audit: { target: { kind: string; id: string }; after: typeof input } }> => {
      if (principal.kind !== 'user') throw new ParapetError('permission_denied', 'Only people can make keys.');
      if (input.expiresAt !== null && input.expiresAt <= now.getTime()) {
        throw new ParapetError('invalid_request', 'The expiry is in the past.', { param: 'expiresAt' });
      }
      if (input.serviceAccountId !== null) {
        const [account] = await tx
          .select()
          .from(serviceAccounts)
          .where(
            and(
              eq(serviceAccounts.orgId, tenancy.id),
              eq(serviceAccounts.id, input.serviceAccountId),
              isNull(serviceAccounts.disabledAt),
            ),
          );
        if (!account) throw new ParapetError('not_found', 'No service account of that id in this organisation.');
        if (!includesRole(tenancy.role, account.role)) {
          throw new ParapetError('permission_denied', 'This service account may do more than you: ask an admin.');
        }
      }
      const live = and(eq(apiKeys.orgId, tenancy.id), isNull(apiKeys.revokedAt));
      if ((await tx.$count(apiKeys, live)) >= maxKeys) {
        throw new ParapetError('conflict', `There are ${maxKeys} keys already: revoke some first.`);
      }
      const { id, hash, text, hint } = mintKey(now.getTime());
      await tx.insert(apiKeys).values({
        id,
        orgId: tenancy.id,
        name: input.name,
        hash,
        hint,
        scopes: input.scopes,
        allowedModels: input.allowedModels,
        requestsPerMinute: input.requestsPerMinute,
        tokensPerMinute: input.tokensPerMinute,
        budgetMicros: input.monthlyBudgetMicros,
        expiresAt: input.expiresAt === null ? null : new Date(input.expiresAt),
        createdBy: principal.userId,
        serviceAccountId: input.serviceAccountId,
        createdAt: now,
        updatedAt: now,
      });
      const [key] = await selectKeys(tx, now, eq(apiKeys.id, id));
      if (!key) throw new ParapetError('internal', 'A key just made is not there.');
      return { view: { key, secret: text }, audit: { target: { kind: 'api_key', id }, after: input } };
    },
  ),
);
