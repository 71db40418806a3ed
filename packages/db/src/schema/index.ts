/** The whole schema, for drizzle's client and kit: the one index, since both take it as one object. */
export * from './adapters.ts';
export * from './api-keys.ts';
export * from './auth.ts';
export * from './datasets.ts';
export * from './jobs.ts';
export * from './ledger.ts';
export * from './model-tasks.ts';
export * from './organisations.ts';
export * from './platform.ts';
export * from './usage.ts';
export * from './webhooks.ts';
export * from './workers.ts';
