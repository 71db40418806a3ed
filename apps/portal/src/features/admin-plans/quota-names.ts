import type { QuotaLimits, QuotaName } from '@parapet/contracts/quota';

/** The limits' names in the contract's order. */
export const quotaNamesOf = (limits: QuotaLimits): QuotaName[] => Object.keys(limits) as QuotaName[];

/** A new plan's limits before anything is filled in: none. */
export const unlimited: QuotaLimits = {
  gpuSecondsPerMonth: null,
  requestsPerMinute: null,
  tokensPerMinute: null,
  concurrentRequests: null,
  concurrentJobs: null,
  datasetBytes: null,
  adapterBytes: null,
  adapters: null,
};
