import { ParapetError } from '@parapet/contracts/errors';
import { type MemberView, setMemberRoleInputSchema } from '@parapet/contracts/portal/organisation';
import { members } from '@parapet/db/schema';
import { and, eq } from 'drizzle-orm';
import { keepAnOwner } from '../../organisations/owners.ts';
import { defineVerb } from '../../verb.ts';
import { selectMembers } from './list-members.ts';

/** Changes a member's role. Only owners make or unmake owners. */
export const setMemberRole = defineVerb(
  'organisation.setRole',
  setMemberRoleInputSchema,
  ({ write, tenancy, now }, input) =>
    write(async (tx) => {
      const before = (await selectMembers(tx, tenancy.id)).find(({ id }) => id === input.memberId);
      if (!before) throw new ParapetError('not_found', 'No member of that id in this organisation.');
      if ((before.role === 'owner' || input.role === 'owner') && tenancy.role !== 'owner') {
        throw new ParapetError('permission_denied', 'Only an owner can make or unmake owners.');
      }
      if (before.role === 'owner' && input.role !== 'owner') await keepAnOwner(tx, before.id);
      await tx
        .update(members)
        .set({ role: input.role, updatedAt: now })
        .where(and(eq(members.orgId, tenancy.id), eq(members.id, before.id)));
      const view: MemberView = { ...before, role: input.role };
      return {
        view,
        audit: {
          target: { kind: 'member', id: before.id },
          before: { role: before.role, email: before.email },
          after: { role: input.role },
        },
      };
    }),
);
