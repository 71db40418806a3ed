import { type auditFilterSchema, exportAuditInputSchema, listAuditInputSchema } from '@parapet/contracts/portal/audit';
import { auditLog } from '@parapet/db/schema';
import { asc } from 'drizzle-orm';
import { z } from 'zod';
import { auditFile } from '../../audit/audit-file.ts';
import { auditEntries, auditPage, verifyChain } from '../../audit/entries.ts';
import { defineVerb } from '../../verb.ts';

export type AdminAuditFilter = z.infer<typeof auditFilterSchema>;

/** Every mutation on the platform, of all chains. */
export const listAdminAudit = defineVerb('admin.audit.list', listAuditInputSchema, ({ read }, input) =>
  read((tx) => auditPage(tx, null, input)),
);

export const exportAdminAudit = defineVerb(
  'admin.audit.export',
  exportAuditInputSchema,
  ({ read }, { format, ...filter }) =>
    read(async (tx) => auditFile('audit-platform', await auditEntries(tx, null, filter), format)),
);

/** Verifies every chain; says where the first broken one breaks. */
export const verifyAdminAudit = defineVerb('admin.audit.verify', z.void(), ({ read }) =>
  read(async (tx) => {
    const chains = await tx.selectDistinct({ chain: auditLog.chain }).from(auditLog).orderBy(asc(auditLog.chain));
    let entries = 0;
    for (const { chain } of chains) {
      const found = await verifyChain(tx, chain);
      entries += found.entries;
      if (!found.intact) return { ...found, entries };
    }
    return { entries, intact: true, brokenAt: null };
  }),
);
