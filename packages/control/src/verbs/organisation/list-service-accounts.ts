import type { ServiceAccountView } from '@parapet/contracts/portal/organisation';
import { apiKeys, serviceAccounts } from '@parapet/db/schema';
import { and, asc, count, eq, isNull } from 'drizzle-orm';
import { z } from 'zod';
import { defineVerb } from '../../verb.ts';

export const listServiceAccounts = defineVerb('organisation.serviceAccounts', z.void(), ({ read, tenancy }) =>
  read(async (tx) => {
    const rows = await tx
      .select({ account: serviceAccounts, keys: count(apiKeys.id) })
      .from(serviceAccounts)
      .leftJoin(apiKeys, and(eq(apiKeys.serviceAccountId, serviceAccounts.id), isNull(apiKeys.revokedAt)))
      .where(and(eq(serviceAccounts.orgId, tenancy.id), isNull(serviceAccounts.disabledAt)))
      .groupBy(serviceAccounts.id)
      .orderBy(asc(serviceAccounts.name));
    return rows.map(
      ({ account, keys }): ServiceAccountView => ({
        id: account.id,
        name: account.name,
        role: account.role,
        keys,
        createdAt: account.createdAt.getTime(),
      }),
    );
  }),
);
