import type { MemberView } from '@parapet/contracts/portal/organisation';
import { members, users } from '@parapet/db/schema';
import type { Tx } from '@parapet/db/tenant';
import { asc, eq } from 'drizzle-orm';
import { z } from 'zod';
import { defineVerb } from '../../verb.ts';

export async function selectMembers(tx: Tx, orgId: string): Promise<MemberView[]> {
  const rows = await tx
    .select({
      id: members.id,
      userId: members.userId,
      name: users.name,
      email: users.email,
      role: members.role,
      twoFactorEnabled: users.twoFactorEnabled,
      joinedAt: members.createdAt,
    })
    .from(members)
    .innerJoin(users, eq(users.id, members.userId))
    .where(eq(members.orgId, orgId))
    .orderBy(asc(members.createdAt), asc(members.id));
  return rows.map((row) => ({
    ...row,
    twoFactorEnabled: row.twoFactorEnabled ?? false,
    joinedAt: row.joinedAt.getTime(),
  }));
}

export const listMembers = defineVerb('organisation.members', z.void(), ({ read, tenancy }) =>
  read((tx) => selectMembers(tx, tenancy.id)),
);
