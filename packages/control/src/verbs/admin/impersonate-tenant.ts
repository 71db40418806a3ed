import { asTenantId } from '@parapet/contracts/ids';
import { impersonateInputSchema } from '@parapet/contracts/portal/admin';
import { sessions } from '@parapet/db/schema';
import { eq } from 'drizzle-orm';
import { tenantDetail } from '../../tenants/tenant-view.ts';
import { defineVerb } from '../../verb.ts';

/** How long an admin sees the portal as the tenant does before it ends by itself. */
const viewingMs = 60 * 60_000;

/** Shows this admin the portal as the tenant sees it, read only. The tenant's own audit log says so. */
export const impersonateTenant = defineVerb(
  'admin.tenants.impersonate',
  impersonateInputSchema,
  ({ write, now, principal }, { organisationId, reason }) =>
    write(async (tx) => {
      const { id, name } = await tenantDetail(tx, organisationId, now);
      const until = new Date(now.getTime() + viewingMs);
      await tx
        .update(sessions)
        .set({ viewingOrgId: organisationId, viewingUntil: until, updatedAt: now })
        .where(eq(sessions.id, principal.sessionId));
      return {
        view: { organisationId: id, organisationName: name, until: until.getTime() },
        audit: { target: { kind: 'organisation', id }, after: { reason, until: until.toISOString() } },
        auditOrg: asTenantId(id),
      };
    }),
);
