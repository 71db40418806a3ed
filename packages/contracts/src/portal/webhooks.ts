import { z } from 'zod';
import { pageInputSchema, timeOrderSchema, timestampSchema } from './common.ts';

export const webhookEventSchema = z.enum([
  'fine_tuning.job.succeeded',
  'fine_tuning.job.failed',
  'fine_tuning.job.cancelled',
  'quota.warning',
]);
export type WebhookEvent = z.infer<typeof webhookEventSchema>;

export const webhookViewSchema = z.object({
  id: z.string(),
  url: z.string(),
  events: z.array(webhookEventSchema),
  enabled: z.boolean(),
  createdAt: timestampSchema,
  lastDelivery: z.object({ at: timestampSchema, status: z.enum(['delivered', 'failed', 'pending']) }).nullable(),
});
export type WebhookView = z.infer<typeof webhookViewSchema>;
export const createWebhookInputSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).max(2000),
  events: z.array(webhookEventSchema).min(1),
});
/** The signing secret (`whsec_…`, Standard Webhooks) is shown once. */
export const createdWebhookSchema = z.object({ webhook: webhookViewSchema, secret: z.string() });
export type CreatedWebhook = z.infer<typeof createdWebhookSchema>;
export const webhookIdInputSchema = z.strictObject({ webhookId: z.string().max(64) });
export const updateWebhookInputSchema = webhookIdInputSchema.extend({
  enabled: z.boolean().optional(),
  events: createWebhookInputSchema.shape.events.optional(),
});

export const webhookDeliveryViewSchema = z.object({
  id: z.string(),
  webhookId: z.string(),
  event: z.string(),
  status: z.enum(['delivered', 'failed', 'pending']),
  attempts: z.int(),
  responseStatus: z.int().nullable(),
  /** Why the last attempt failed. */
  error: z.string().nullable(),
  createdAt: timestampSchema,
  nextAttemptAt: timestampSchema.nullable(),
  deliveredAt: timestampSchema.nullable(),
});
export type WebhookDeliveryView = z.infer<typeof webhookDeliveryViewSchema>;
export const listDeliveriesInputSchema = pageInputSchema.extend({
  webhookId: z.string().max(64),
  order: timeOrderSchema,
});
export const deliveryIdInputSchema = z.strictObject({ deliveryId: z.string().max(64) });
