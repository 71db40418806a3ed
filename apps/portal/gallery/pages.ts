/** Every page of the portal, with how to find the ids that its address needs. */
export type PageSpec = {
  name: string;
  /** `{…}` stands for the first link on `from` whose address begins with what is inside. */
  path: string;
  from?: string;
  area: 'public' | 'customer' | 'admin';
};

export const pages: readonly PageSpec[] = [
  { name: 'sign-in', path: '/sign-in', area: 'public' },
  { name: 'sign-up', path: '/sign-up', area: 'public' },
  { name: 'two-factor', path: '/two-factor', area: 'public' },
  { name: 'start', path: '/', area: 'customer' },
  { name: 'datasets', path: '/datasets', area: 'customer' },
  { name: 'dataset-rows', from: '/datasets', path: '{/datasets/}', area: 'customer' },
  { name: 'dataset-tokens', from: '/datasets', path: '{/datasets/}?tab=tokens', area: 'customer' },
  { name: 'fine-tuning', path: '/fine-tuning', area: 'customer' },
  { name: 'fine-tuning-new', path: '/fine-tuning/new', area: 'customer' },
  { name: 'job-curve', from: '/fine-tuning', path: '{/fine-tuning/ftjob}', area: 'customer' },
  { name: 'job-samples', from: '/fine-tuning', path: '{/fine-tuning/ftjob}?tab=samples', area: 'customer' },
  { name: 'job-events', from: '/fine-tuning', path: '{/fine-tuning/ftjob}?tab=events', area: 'customer' },
  { name: 'job-checkpoints', from: '/fine-tuning', path: '{/fine-tuning/ftjob}?tab=checkpoints', area: 'customer' },
  { name: 'job-recipe', from: '/fine-tuning', path: '{/fine-tuning/ftjob}?tab=recipe', area: 'customer' },
  { name: 'compare', path: '/fine-tuning/compare', area: 'customer' },
  { name: 'adapters', path: '/adapters', area: 'customer' },
  { name: 'adapter-versions', from: '/adapters', path: '{/adapters/}', area: 'customer' },
  { name: 'adapter-lineage', from: '/adapters', path: '{/adapters/}?tab=lineage', area: 'customer' },
  { name: 'adapter-evaluation', from: '/adapters', path: '{/adapters/}?tab=evaluation', area: 'customer' },
  { name: 'adapter-vectors', from: '/adapters', path: '{/adapters/}?tab=vectors', area: 'customer' },
  { name: 'playground', path: '/playground', area: 'customer' },
  { name: 'keys', path: '/keys', area: 'customer' },
  { name: 'usage', path: '/usage', area: 'customer' },
  { name: 'statements', path: '/statements', area: 'customer' },
  { name: 'statement', from: '/statements', path: '{/statements/}', area: 'customer' },
  { name: 'team', path: '/team', area: 'customer' },
  { name: 'audit', path: '/audit', area: 'customer' },
  { name: 'webhooks', path: '/webhooks', area: 'customer' },
  { name: 'settings', path: '/settings', area: 'customer' },
  { name: 'settings-security', path: '/settings?tab=security', area: 'customer' },
  { name: 'admin-tenants', path: '/admin/tenants', area: 'admin' },
  { name: 'admin-tenant', from: '/admin/tenants', path: '{/admin/tenants/}', area: 'admin' },
  { name: 'admin-plans', path: '/admin/plans', area: 'admin' },
  { name: 'admin-base-models', path: '/admin/base-models', area: 'admin' },
  { name: 'admin-fleet', path: '/admin/fleet', area: 'admin' },
  { name: 'admin-jobs', path: '/admin/jobs', area: 'admin' },
  { name: 'admin-health', path: '/admin/health', area: 'admin' },
  { name: 'admin-audit', path: '/admin/audit', area: 'admin' },
  { name: 'admin-usage', path: '/admin/usage', area: 'admin' },
  { name: 'admin-ledger', path: '/admin/ledger', area: 'admin' },
];
