import { z } from 'zod';

/** What a member (or service account) of an organisation may do; each includes the ones after it. */
export const roleSchema = z.enum(['owner', 'admin', 'developer', 'viewer']);
export type Role = z.infer<typeof roleSchema>;

/** What an API key may do. A key without a scope list has all of them. */
export const keyScopeSchema = z.enum([
  'inference',
  'models:read',
  'files:read',
  'files:write',
  'jobs:read',
  'jobs:write',
]);
export type KeyScope = z.infer<typeof keyScopeSchema>;
