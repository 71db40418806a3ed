import { exportAdminAudit, listAdminAudit, verifyAdminAudit } from '@parapet/control/verbs/admin/audit';
import {
  addBaseModel,
  listBaseModels,
  restoreBaseModel,
  retireBaseModel,
  setDefaultBaseModel,
  setPrice,
} from '@parapet/control/verbs/admin/base-models';
import { drainWorker, getFleet, setTrainingPaused, undrainWorker } from '@parapet/control/verbs/admin/fleet';
import { getTenant } from '@parapet/control/verbs/admin/get-tenant';
import { getHealth } from '@parapet/control/verbs/admin/health';
import { impersonateTenant } from '@parapet/control/verbs/admin/impersonate-tenant';
import { cancelAdminJob, listAdminJobs, retryAdminJob, setJobPriority } from '@parapet/control/verbs/admin/jobs';
import { listLedger, reconcileLedger } from '@parapet/control/verbs/admin/ledger';
import { listTenants } from '@parapet/control/verbs/admin/list-tenants';
import { cancelModelTask, quantiseBaseModel, verifyBaseModel } from '@parapet/control/verbs/admin/model-tasks';
import { overrideQuota } from '@parapet/control/verbs/admin/override-quota';
import { createPlan, deletePlan, listPlans, setDefaultPlan, updatePlan } from '@parapet/control/verbs/admin/plans';
import { setPlan } from '@parapet/control/verbs/admin/set-plan';
import { suspendTenant, unsuspendTenant } from '@parapet/control/verbs/admin/suspend-tenant';
import { adminUsage, exportAdminUsage } from '@parapet/control/verbs/admin/usage';
import { mutation, query, router } from './base.ts';

export const adminRouter = router({
  tenants: router({
    list: query(listTenants),
    get: query(getTenant),
    setPlan: mutation(setPlan),
    overrideQuota: mutation(overrideQuota),
    suspend: mutation(suspendTenant),
    unsuspend: mutation(unsuspendTenant),
    impersonate: mutation(impersonateTenant),
  }),
  plans: router({
    list: query(listPlans),
    create: mutation(createPlan),
    update: mutation(updatePlan),
    setDefault: mutation(setDefaultPlan),
    delete: mutation(deletePlan),
  }),
  fleet: router({
    get: query(getFleet),
    drain: mutation(drainWorker),
    undrain: mutation(undrainWorker),
    setTrainingPaused: mutation(setTrainingPaused),
  }),
  jobs: router({
    list: query(listAdminJobs),
    setPriority: mutation(setJobPriority),
    cancel: mutation(cancelAdminJob),
    retry: mutation(retryAdminJob),
  }),
  baseModels: router({
    list: query(listBaseModels),
    add: mutation(addBaseModel),
    setDefault: mutation(setDefaultBaseModel),
    retire: mutation(retireBaseModel),
    restore: mutation(restoreBaseModel),
    setPrice: mutation(setPrice),
    verify: mutation(verifyBaseModel),
    quantise: mutation(quantiseBaseModel),
    cancelTask: mutation(cancelModelTask),
  }),
  health: router({ get: query(getHealth) }),
  usage: router({ get: query(adminUsage), export: query(exportAdminUsage) }),
  ledger: router({ list: query(listLedger), reconcile: query(reconcileLedger) }),
  audit: router({ list: query(listAdminAudit), export: query(exportAdminAudit), verify: query(verifyAdminAudit) }),
});
