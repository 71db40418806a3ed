import { listAuditInputSchema } from '@parapet/contracts/portal/audit';
import { auditPage } from '../../audit/entries.ts';
import { defineVerb } from '../../verb.ts';

export const listAudit = defineVerb('audit.list', listAuditInputSchema, ({ read, tenancy }, input) =>
  read((tx) => auditPage(tx, tenancy.id, input)),
);
