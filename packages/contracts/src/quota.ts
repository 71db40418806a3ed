import { z } from 'zod';

/** A limit of null is no limit. Device time in GPU-seconds of any accelerator (a CPU's seconds count the same). */
const limit = z.int().min(0).nullable();

/** What a plan grants and an override replaces, one organisation at a time. */
export const quotaLimitsSchema = z.strictObject({
  gpuSecondsPerMonth: limit,
  requestsPerMinute: limit,
  tokensPerMinute: limit,
  concurrentRequests: limit,
  concurrentJobs: limit,
  datasetBytes: limit,
  adapterBytes: limit,
  adapters: limit,
});
export type QuotaLimits = z.infer<typeof quotaLimitsSchema>;
export type QuotaName = keyof QuotaLimits;
export const quotaNames = Object.keys(quotaLimitsSchema.shape) as QuotaName[];

/** Only the limits that differ from the plan's. */
export const quotaOverrideSchema = quotaLimitsSchema.partial();
export type QuotaOverride = z.infer<typeof quotaOverrideSchema>;
