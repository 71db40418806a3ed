/** A customer's pages that are the same whatever data sets, jobs and adapters there are. */
export const accountPages = [
  '/playground',
  '/keys',
  '/usage',
  '/statements',
  '/webhooks',
  '/team',
  '/audit',
  '/settings',
];
