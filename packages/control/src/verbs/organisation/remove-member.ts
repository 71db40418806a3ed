import { ParapetError } from '@parapet/contracts/errors';
import { removeMemberInputSchema } from '@parapet/contracts/portal/organisation';
import { apiKeys, members } from '@parapet/db/schema';
import { and, eq, isNull } from 'drizzle-orm';
import { keepAnOwner } from '../../organisations/owners.ts';
import { defineVerb } from '../../verb.ts';
import { selectMembers } from './list-members.ts';

/** Ends a membership and revokes the keys that the person made for themselves here. */
export const removeMember = defineVerb(
  'organisation.removeMember',
  removeMemberInputSchema,
  ({ write, tenancy, now }, input) =>
    write(async (tx) => {
      const member = (await selectMembers(tx, tenancy.id)).find(({ id }) => id === input.memberId);
      if (!member) throw new ParapetError('not_found', 'No member of that id in this organisation.');
      if (member.role === 'owner') {
        if (tenancy.role !== 'owner') throw new ParapetError('permission_denied', 'Only an owner can remove an owner.');
        await keepAnOwner(tx, member.id);
      }
      await tx.delete(members).where(and(eq(members.orgId, tenancy.id), eq(members.id, member.id)));
      const revoked = await tx
        .update(apiKeys)
        .set({ revokedAt: now, updatedAt: now })
        .where(
          and(
            eq(apiKeys.orgId, tenancy.id),
            eq(apiKeys.createdBy, member.userId),
            isNull(apiKeys.serviceAccountId),
            isNull(apiKeys.revokedAt),
          ),
        )
        .returning({ id: apiKeys.id });
      return {
        view: null,
        audit: {
          target: { kind: 'member', id: member.id },
          before: { email: member.email, role: member.role },
          after: { revokedKeys: revoked.map(({ id }) => id) },
        },
      };
    }),
);
