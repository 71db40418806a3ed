import { createWebhook } from '@parapet/control/verbs/webhooks/create-webhook';
import { deleteWebhook } from '@parapet/control/verbs/webhooks/delete-webhook';
import { listDeliveries } from '@parapet/control/verbs/webhooks/list-deliveries';
import { listWebhooks } from '@parapet/control/verbs/webhooks/list-webhooks';
import { redeliver } from '@parapet/control/verbs/webhooks/redeliver';
import { updateWebhook } from '@parapet/control/verbs/webhooks/update-webhook';
import { mutation, query, router } from './base.ts';

export const webhooksRouter = router({
  list: query(listWebhooks),
  create: mutation(createWebhook),
  update: mutation(updateWebhook),
  delete: mutation(deleteWebhook),
  deliveries: query(listDeliveries),
  redeliver: mutation(redeliver),
});
