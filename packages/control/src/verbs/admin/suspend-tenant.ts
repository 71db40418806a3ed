import { asTenantId } from '@parapet/contracts/ids';
import { suspendInputSchema, tenantIdInputSchema } from '@parapet/contracts/portal/admin';
import { organisations } from '@parapet/db/schema';
import type { Tx } from '@parapet/db/tenant';
import { eq } from 'drizzle-orm';
import { tenantDetail } from '../../tenants/tenant-view.ts';
import { defineVerb } from '../../verb.ts';

async function setStatus(tx: Tx, organisationId: string, reason: string | null, now: Date) {
  const { suspended, suspendedReason } = await tenantDetail(tx, organisationId, now);
  await tx
    .update(organisations)
    .set({ status: reason === null ? 'active' : 'suspended', suspendedReason: reason, updatedAt: now })
    .where(eq(organisations.id, organisationId));
  return {
    view: await tenantDetail(tx, organisationId, now),
    audit: {
      target: { kind: 'organisation', id: organisationId },
      before: { suspended, reason: suspendedReason },
      after: { suspended: reason !== null, reason },
    },
    auditOrg: asTenantId(organisationId),
  };
}

/** Stops a tenant: its keys and its members' changes are refused until it is unsuspended. Nothing is deleted. */
export const suspendTenant = defineVerb('admin.tenants.suspend', suspendInputSchema, ({ write, now }, input) =>
  write((tx) => setStatus(tx, input.organisationId, input.reason, now)),
);

export const unsuspendTenant = defineVerb('admin.tenants.unsuspend', tenantIdInputSchema, ({ write, now }, input) =>
  write((tx) => setStatus(tx, input.organisationId, null, now)),
);
