import { ParapetError } from '@parapet/contracts/errors';
import { newId } from '@parapet/contracts/ids';
import { createServiceAccountInputSchema, type ServiceAccountView } from '@parapet/contracts/portal/organisation';
import { serviceAccounts } from '@parapet/db/schema';
import { eq } from 'drizzle-orm';
import { defineVerb } from '../../verb.ts';

const maxAccounts = 100;

/** A member that is no person: it holds keys, has a role and can't sign in. */
export const createServiceAccount = defineVerb(
  'organisation.createServiceAccount',
  createServiceAccountInputSchema,
  ({ write, tenancy, principal, now }, input) =>
    write(async (tx) => {
      const existing = await tx.select().from(serviceAccounts).where(eq(serviceAccounts.orgId, tenancy.id));
      if (existing.length >= maxAccounts) {
        throw new ParapetError('conflict', `There are ${maxAccounts} service accounts already.`);
      }
      if (existing.some(({ name }) => name === input.name)) {
        throw new ParapetError('conflict', `A service account "${input.name}" exists, or did: choose another name.`, {
          param: 'name',
        });
      }
      const id = newId('serviceAccount', now.getTime());
      const createdBy = principal.kind === 'user' ? principal.userId : null;
      await tx
        .insert(serviceAccounts)
        .values({ id, orgId: tenancy.id, ...input, createdBy, createdAt: now, updatedAt: now });
      const view: ServiceAccountView = { id, ...input, keys: 0, createdAt: now.getTime() };
      return { view, audit: { target: { kind: 'service_account', id }, after: input } };
    }),
);
