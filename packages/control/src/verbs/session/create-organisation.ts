import { ParapetError } from '@parapet/contracts/errors';
import { createOrganisationInputSchema, type SessionOrganisation } from '@parapet/contracts/portal/session';
import { sessions } from '@parapet/db/schema';
import { eq } from 'drizzle-orm';
import { insertOrganisation } from '../../organisations/create-organisation.ts';
import { organisationsOf } from '../../organisations/session-view.ts';
import { defineVerb } from '../../verb.ts';

const maxOwned = 20;

/** A further organisation, owned by the caller, which their session then is about. */
export const createOrganisation = defineVerb(
  'session.createOrganisation',
  createOrganisationInputSchema,
  ({ write, principal, now }, input) =>
    write(async (tx) => {
      const owned = (await organisationsOf(tx, principal.userId)).filter(({ role }) => role === 'owner');
      if (owned.length >= maxOwned) throw new ParapetError('conflict', `You own ${maxOwned} organisations already.`);
      const made = await insertOrganisation(tx, { name: input.name, ownerId: principal.userId, now });
      await tx
        .update(sessions)
        .set({ activeOrgId: made.id, updatedAt: now })
        .where(eq(sessions.id, principal.sessionId));
      const view: SessionOrganisation = { ...made, role: 'owner', suspended: false };
      return {
        view,
        audit: { target: { kind: 'organisation', id: made.id }, after: { name: made.name, slug: made.slug } },
        auditOrg: made.id,
      };
    }),
);
