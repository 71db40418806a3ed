import { ParapetError } from '@parapet/contracts/errors';
import { asTenantId } from '@parapet/contracts/ids';
import { setPlanInputSchema } from '@parapet/contracts/portal/admin';
import { organisations, plans } from '@parapet/db/schema';
import { and, eq, isNull } from 'drizzle-orm';
import { limitsForAudit, tenantDetail } from '../../tenants/tenant-view.ts';
import { defineVerb } from '../../verb.ts';

/** Puts a tenant on another plan; in force from its next request on. */
export const setPlan = defineVerb('admin.tenants.setPlan', setPlanInputSchema, ({ write, now }, input) =>
  write(async (tx) => {
    const { organisationId, planId } = input;
    await tenantDetail(tx, organisationId, now);
    const [plan] = await tx
      .select({ id: plans.id })
      .from(plans)
      .where(and(eq(plans.id, planId), isNull(plans.archivedAt)));
    if (!plan) throw new ParapetError('not_found', 'There is no plan of that id.', { param: 'planId' });
    const before = await limitsForAudit(tx, organisationId);
    await tx.update(organisations).set({ planId, updatedAt: now }).where(eq(organisations.id, organisationId));
    return {
      view: await tenantDetail(tx, organisationId, now),
      audit: {
        target: { kind: 'organisation', id: organisationId },
        before,
        after: await limitsForAudit(tx, organisationId),
      },
      auditOrg: asTenantId(organisationId),
    };
  }),
);
