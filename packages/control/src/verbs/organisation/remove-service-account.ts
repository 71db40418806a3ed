import { ParapetError } from '@parapet/contracts/errors';
import { removeServiceAccountInputSchema } from '@parapet/contracts/portal/organisation';
import { apiKeys, serviceAccounts } from '@parapet/db/schema';
import { and, eq, isNull } from 'drizzle-orm';
import { defineVerb } from '../../verb.ts';

/** Ends a service account and revokes its keys. Its row stays: the audit log and usage refer to it. */
export const removeServiceAccount = defineVerb(
  'organisation.removeServiceAccount',
  removeServiceAccountInputSchema,
  ({ write, tenancy, now }, input) =>
    write(async (tx) => {
      const [row] = await tx
        .update(serviceAccounts)
        .set({ disabledAt: now, updatedAt: now })
        .where(
          and(
            eq(serviceAccounts.orgId, tenancy.id),
            eq(serviceAccounts.id, input.serviceAccountId),
            isNull(serviceAccounts.disabledAt),
          ),
        )
        .returning();
      if (!row) throw new ParapetError('not_found', 'No service account of that id in this organisation.');
      const revoked = await tx
        .update(apiKeys)
        .set({ revokedAt: now, updatedAt: now })
        .where(and(eq(apiKeys.orgId, tenancy.id), eq(apiKeys.serviceAccountId, row.id), isNull(apiKeys.revokedAt)))
        .returning({ id: apiKeys.id });
      return {
        view: null,
        audit: {
          target: { kind: 'service_account', id: row.id },
          before: { name: row.name, role: row.role },
          after: { revokedKeys: revoked.map(({ id }) => id) },
        },
      };
    }),
);
