import { exportStatement } from '@parapet/control/verbs/usage/export-statement';
import { exportUsage } from '@parapet/control/verbs/usage/export-usage';
import { getQuota } from '@parapet/control/verbs/usage/get-quota';
import { getStatement } from '@parapet/control/verbs/usage/get-statement';
import { getUsage } from '@parapet/control/verbs/usage/get-usage';
import { listStatements } from '@parapet/control/verbs/usage/list-statements';
import { query, router } from './base.ts';

export const usageRouter = router({
  get: query(getUsage),
  export: query(exportUsage),
  statements: query(listStatements),
  statement: query(getStatement),
  statementExport: query(exportStatement),
});

export const quotaRouter = router({ get: query(getQuota) });
