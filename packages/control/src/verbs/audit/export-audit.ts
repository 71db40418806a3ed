import { exportAuditInputSchema } from '@parapet/contracts/portal/audit';
import { auditFile } from '../../audit/audit-file.ts';
import { auditEntries } from '../../audit/entries.ts';
import { defineVerb } from '../../verb.ts';

export const exportAudit = defineVerb(
  'audit.export',
  exportAuditInputSchema,
  ({ read, tenancy }, { format, ...filter }) =>
    read(async (tx) => auditFile(`audit-${tenancy.slug}`, await auditEntries(tx, tenancy.id, filter), format)),
);
