import { ParapetError } from '@parapet/contracts/errors';
import type { OrganisationView } from '@parapet/contracts/portal/organisation';
import { organisations, plans } from '@parapet/db/schema';
import type { TenantTx } from '@parapet/db/tenant';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { defineVerb } from '../../verb.ts';

export async function selectOrganisation(tx: TenantTx): Promise<OrganisationView> {
  const [row] = await tx
    .select({ organisation: organisations, plan: { id: plans.id, name: plans.name } })
    .from(organisations)
    .innerJoin(plans, eq(plans.id, organisations.planId))
    .where(eq(organisations.id, tx.tenantId));
  if (!row) throw new ParapetError('not_found', 'This organisation is no more.');
  const { id, name, slug, status, createdAt } = row.organisation;
  return { id, name, slug, plan: row.plan, suspended: status === 'suspended', createdAt: createdAt.getTime() };
}

/** The organisation's own settings. */
export const getOrganisation = defineVerb('organisation.get', z.void(), ({ read }) => read(selectOrganisation));
