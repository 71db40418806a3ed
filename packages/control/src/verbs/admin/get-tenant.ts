import { tenantIdInputSchema } from '@parapet/contracts/portal/admin';
import { tenantDetail } from '../../tenants/tenant-view.ts';
import { defineVerb } from '../../verb.ts';

export const getTenant = defineVerb('admin.tenants.get', tenantIdInputSchema, ({ read, now }, input) =>
  read((tx) => tenantDetail(tx, input.organisationId, now)),
);
