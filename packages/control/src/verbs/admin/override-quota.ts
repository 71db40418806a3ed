import { asTenantId } from '@parapet/contracts/ids';
import { overrideQuotaInputSchema } from '@parapet/contracts/portal/admin';
import { quotaOverrides } from '@parapet/db/schema';
import { eq } from 'drizzle-orm';
import { limitsForAudit, tenantDetail } from '../../tenants/tenant-view.ts';
import { defineVerb } from '../../verb.ts';

/** Sets a tenant's own limits in place of its plan's; {} = the plan's again. In force from its next request on. */
export const overrideQuota = defineVerb(
  'admin.tenants.overrideQuota',
  overrideQuotaInputSchema,
  ({ write, now, principal }, { organisationId, override }) =>
    write(async (tx) => {
      await tenantDetail(tx, organisationId, now);
      const before = await limitsForAudit(tx, organisationId);
      if (Object.keys(override).length === 0) {
        await tx.delete(quotaOverrides).where(eq(quotaOverrides.orgId, organisationId));
      } else {
        const row = { limits: override, updatedBy: principal.userId, updatedAt: now };
        await tx
          .insert(quotaOverrides)
          .values({ orgId: organisationId, ...row })
          .onConflictDoUpdate({ target: quotaOverrides.orgId, set: row });
      }
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
