import { updateOrganisationInputSchema } from '@parapet/contracts/portal/organisation';
import { organisations } from '@parapet/db/schema';
import { eq } from 'drizzle-orm';
import { defineVerb } from '../../verb.ts';
import { selectOrganisation } from './get-organisation.ts';

/** Renames the organisation; its slug, part of its models' names, stays. */
export const updateOrganisation = defineVerb(
  'organisation.update',
  updateOrganisationInputSchema,
  ({ write, tenancy, now }, input) =>
    write(async (tx) => {
      const before = await selectOrganisation(tx);
      await tx.update(organisations).set({ name: input.name, updatedAt: now }).where(eq(organisations.id, tenancy.id));
      return {
        view: { ...before, name: input.name },
        audit: {
          target: { kind: 'organisation', id: tenancy.id },
          before: { name: before.name },
          after: { name: input.name },
        },
      };
    }),
);
