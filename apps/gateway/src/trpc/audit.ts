import { exportAudit } from '@parapet/control/verbs/audit/export-audit';
import { listAudit } from '@parapet/control/verbs/audit/list-audit';
import { verifyAudit } from '@parapet/control/verbs/audit/verify-audit';
import { query, router } from './base.ts';

export const auditRouter = router({ list: query(listAudit), export: query(exportAudit), verify: query(verifyAudit) });
