import { z } from 'zod';
import {
  modelTaskKindSchema,
  modelTaskResultSchema,
  modelTaskStepSchema,
  quantisedWeightsSchema,
} from '../model-task.ts';
import { quotaLimitsSchema, quotaOverrideSchema } from '../quota.ts';
import { moneyMicrosSchema, pageInputSchema, rangeInputSchema, timeOrderSchema, timestampSchema } from './common.ts';
import { jobStatusSchema, jobViewSchema } from './jobs.ts';
import { memberViewSchema } from './organisation.ts';
import { quotaViewSchema } from './quota.ts';
import { usageRowSchema, usageTotalsSchema } from './usage.ts';

// Tenants
export const tenantViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  slug: z.string(),
  plan: z.object({ id: z.string(), name: z.string() }),
  suspended: z.boolean(),
  suspendedReason: z.string().nullable(),
  members: z.int(),
  gpuSecondsUsed: z.number(),
  gpuSecondsLimit: z.int().nullable(),
  runningJobs: z.int(),
  adapters: z.int(),
  costMicrosThisMonth: moneyMicrosSchema,
  createdAt: timestampSchema,
});
export type TenantView = z.infer<typeof tenantViewSchema>;
export const tenantDetailSchema = tenantViewSchema.extend({
  quota: quotaViewSchema,
  override: quotaOverrideSchema,
  memberList: z.array(memberViewSchema),
});
export type TenantDetail = z.infer<typeof tenantDetailSchema>;
export const listTenantsInputSchema = pageInputSchema.extend({
  sort: z.enum(['newest', 'name', 'use']).default('newest'),
  suspended: z.boolean().optional(),
});
export const tenantIdInputSchema = z.strictObject({ organisationId: z.string().max(64) });
export const setPlanInputSchema = tenantIdInputSchema.extend({ planId: z.string().max(64) });
/** Replaces the whole override; {} = the plan's limits again. */
export const overrideQuotaInputSchema = tenantIdInputSchema.extend({ override: quotaOverrideSchema });
export const suspendInputSchema = tenantIdInputSchema.extend({ reason: z.string().trim().min(1).max(500) });
export const impersonateInputSchema = tenantIdInputSchema.extend({ reason: z.string().trim().min(1).max(500) });

// Plans and prices
export const planViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  limits: quotaLimitsSchema,
  isDefault: z.boolean(),
  tenants: z.int(),
});
export type PlanView = z.infer<typeof planViewSchema>;
export const planInputSchema = z.strictObject({ name: z.string().trim().min(1).max(60), limits: quotaLimitsSchema });
export const updatePlanInputSchema = planInputSchema.partial().extend({ planId: z.string().max(64) });
export const planIdInputSchema = z.strictObject({ planId: z.string().max(64) });
/** Price list: millionths of the currency unit per million tokens, and per GPU-second of training. */
export const priceViewSchema = z.object({
  model: z.string(),
  currency: z.string(),
  promptMicrosPerMillionTokens: moneyMicrosSchema,
  completionMicrosPerMillionTokens: moneyMicrosSchema,
  trainingMicrosPerGpuSecond: moneyMicrosSchema,
  validFrom: timestampSchema,
});
export type PriceView = z.infer<typeof priceViewSchema>;

// Fleet
export const serveWorkerViewSchema = z.object({
  id: z.string(),
  url: z.string(),
  baseModel: z.string(),
  device: z.object({ kind: z.enum(['cpu', 'webgpu', 'cuda']), name: z.string() }),
  weights: z.string(),
  state: z.enum(['healthy', 'draining', 'wedged', 'lost']),
  running: z.int(),
  waiting: z.int(),
  maxRows: z.int(),
  maxQueue: z.int(),
  kvUsage: z.number(),
  kvCapacityTokens: z.int(),
  residentAdapters: z.int(),
  residentAdapterBytes: z.int(),
  stepMsP50: z.number().nullable(),
  stepMsP99: z.number().nullable(),
  adapterTax: z.number().nullable(),
  tokensPerSecond: z.number().nullable(),
  registeredAt: timestampSchema,
  lastSeenAt: timestampSchema,
});
export type ServeWorkerView = z.infer<typeof serveWorkerViewSchema>;
export const trainWorkerViewSchema = z.object({
  name: z.string(),
  device: z.object({ kind: z.enum(['cpu', 'webgpu', 'cuda']), name: z.string() }),
  jobId: z.string().nullable(),
  lastSeenAt: timestampSchema,
});
export type TrainWorkerView = z.infer<typeof trainWorkerViewSchema>;
export const fleetViewSchema = z.object({
  serve: z.array(serveWorkerViewSchema),
  train: z.array(trainWorkerViewSchema),
  trainingPaused: z.boolean(),
});
export type FleetView = z.infer<typeof fleetViewSchema>;
export const workerIdInputSchema = z.strictObject({ workerId: z.string().max(64) });
export const setTrainingPausedInputSchema = z.strictObject({ paused: z.boolean() });

// Jobs over all tenants
export const adminJobViewSchema = jobViewSchema.extend({
  organisation: z.object({ id: z.string(), name: z.string(), slug: z.string() }),
  /** −10 to 10 within the tenant's fair share. */
  priority: z.int(),
  attempts: z.int(),
  workerName: z.string().nullable(),
  /** Device time this tenant's jobs used in the last 24 hours: the less, the sooner its next one starts. */
  tenantRecentDeviceMicros: z.int(),
});
export type AdminJobView = z.infer<typeof adminJobViewSchema>;
export const listAdminJobsInputSchema = pageInputSchema.extend({
  /** `queue`: running, then as they would be served, then ended ones. */
  order: z.enum(['queue', 'newest', 'oldest']).default('queue'),
  status: jobStatusSchema.optional(),
  organisationId: z.string().max(64).optional(),
});
export const setJobPriorityInputSchema = z.strictObject({
  jobId: z.string().max(64),
  priority: z.int().min(-10).max(10),
});

// Base models
/** Verifying or quantising a model, by a worker in the background. */
export const modelTaskViewSchema = z.object({
  id: z.string(),
  kind: modelTaskKindSchema,
  weights: quantisedWeightsSchema.nullable(),
  status: z.enum(['queued', 'running', 'succeeded', 'failed']),
  /** null until a worker has begun. */
  step: modelTaskStepSchema.nullable(),
  /** Of the step, 0 to 1. */
  done: z.number(),
  result: modelTaskResultSchema.nullable(),
  /** Why it failed and what to do. */
  error: z.string().nullable(),
  worker: z.string().nullable(),
  createdAt: timestampSchema,
  finishedAt: timestampSchema.nullable(),
});
export type ModelTaskView = z.infer<typeof modelTaskViewSchema>;
export const baseModelViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  digest: z.string().nullable(),
  source: z.string(),
  weights: z.string(),
  parameters: z.int().nullable(),
  contextTokens: z.int().nullable(),
  isDefault: z.boolean(),
  state: z.enum(['ready', 'loading', 'failed', 'retired']),
  workers: z.int(),
  adapters: z.int(),
  price: priceViewSchema.nullable(),
  /** The kinds of weights that live workers serve it with. */
  served: z.array(z.string()),
  /** The task that waits or runs. */
  task: modelTaskViewSchema.nullable(),
  /** The last verification that ended, well or not. */
  verification: modelTaskViewSchema.nullable(),
  /** The last quantisation of each kind that ended. */
  quantisations: z.array(modelTaskViewSchema),
  createdAt: timestampSchema,
});
export type BaseModelView = z.infer<typeof baseModelViewSchema>;
export const addBaseModelInputSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,63}$/),
  /** A hub id (`org/name`) or an absolute path on the workers. */
  source: z.string().min(1).max(500),
});
export const baseModelIdInputSchema = z.strictObject({ baseModelId: z.string().max(64) });
export const quantiseInputSchema = baseModelIdInputSchema.extend({ weights: quantisedWeightsSchema });
export const setPriceInputSchema = priceViewSchema.omit({ validFrom: true });

// Usage, ledger, health
export const adminUsageInputSchema = rangeInputSchema.extend({
  bucket: z.enum(['hour', 'day']).default('day'),
  groupBy: z.enum(['none', 'organisation', 'model']).default('none'),
});
export const adminUsageViewSchema = z.object({
  rows: z.array(usageRowSchema),
  totals: usageTotalsSchema,
  currency: z.string(),
});
export const ledgerEntryViewSchema = z.object({
  id: z.string(),
  at: timestampSchema,
  organisationId: z.string(),
  organisationName: z.string(),
  kind: z.string(),
  requestId: z.string().nullable(),
  jobId: z.string().nullable(),
  deviceMicros: z.int(),
  costMicros: moneyMicrosSchema,
});
export type LedgerEntryView = z.infer<typeof ledgerEntryViewSchema>;
export const listLedgerInputSchema = pageInputSchema.extend({
  order: timeOrderSchema,
  organisationId: z.string().max(64).optional(),
  requestId: z.string().max(64).optional(),
});
/** Balances derived from the ledger against the kept ones; 0 differences is the only good answer. */
export const reconcileViewSchema = z.object({
  checkedAt: timestampSchema,
  organisations: z.int(),
  entries: z.int(),
  openHolds: z.int(),
  differences: z.array(z.object({ organisationId: z.string(), what: z.string(), ledger: z.int(), kept: z.int() })),
});
export type ReconcileView = z.infer<typeof reconcileViewSchema>;
export const healthViewSchema = z.object({
  version: z.string(),
  startedAt: timestampSchema,
  components: z.array(
    z.object({
      name: z.string(),
      state: z.enum(['ok', 'degraded', 'down']),
      detail: z.string(),
      latencyMs: z.number().nullable(),
    }),
  ),
});
export type HealthView = z.infer<typeof healthViewSchema>;
