import { ParapetError } from '@parapet/contracts/errors';
import { asTenantId } from '@parapet/contracts/ids';
import { switchOrganisationInputSchema } from '@parapet/contracts/portal/session';
import { sessions } from '@parapet/db/schema';
import { eq } from 'drizzle-orm';
import { organisationsOf } from '../../organisations/session-view.ts';
import { defineVerb } from '../../verb.ts';

/** Makes another of the person's organisations the one their session is about. */
export const switchOrganisation = defineVerb(
  'session.switchOrganisation',
  switchOrganisationInputSchema,
  ({ write, principal, now }, input) =>
    write(async (tx) => {
      const organisation = (await organisationsOf(tx, principal.userId)).find(({ id }) => id === input.organisationId);
      if (!organisation) throw new ParapetError('not_found', 'You are in no organisation of that id.');
      await tx
        .update(sessions)
        .set({ activeOrgId: organisation.id, updatedAt: now })
        .where(eq(sessions.id, principal.sessionId));
      const target = { kind: 'session', id: principal.sessionId };
      return {
        view: organisation,
        audit: { target, after: { organisationId: organisation.id } },
        auditOrg: asTenantId(organisation.id),
      };
    }),
);
