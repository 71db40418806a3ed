import { adaptersRouter, modelsRouter } from './adapters.ts';
import { adminRouter } from './admin.ts';
import { auditRouter } from './audit.ts';
import { router } from './base.ts';
import { datasetsRouter } from './datasets.ts';
import { jobsRouter } from './jobs.ts';
import { keysRouter } from './keys.ts';
import { organisationRouter } from './organisation.ts';
import { sessionRouter } from './session.ts';
import { quotaRouter, usageRouter } from './usage.ts';
import { webhooksRouter } from './webhooks.ts';

/** The portal's API: a procedure's path is its verb's name (control/access/rules). */
export const appRouter = router({
  session: sessionRouter,
  organisation: organisationRouter,
  keys: keysRouter,
  datasets: datasetsRouter,
  jobs: jobsRouter,
  adapters: adaptersRouter,
  models: modelsRouter,
  usage: usageRouter,
  quota: quotaRouter,
  audit: auditRouter,
  webhooks: webhooksRouter,
  admin: adminRouter,
});
export type AppRouter = typeof appRouter;
