import type { KeyScope, Role } from '@parapet/contracts/roles';

export const roleNames: Record<Role, string> = {
  owner: 'Owner',
  admin: 'Admin',
  developer: 'Developer',
  viewer: 'Viewer',
};

export const roleHints: Record<Role, string> = {
  owner: 'Everything, other owners included.',
  admin: 'Members, keys, webhooks and all below.',
  developer: 'Data sets, jobs, adapters and own keys.',
  viewer: 'Looks, changes nothing.',
};

export const scopeNames: Record<KeyScope, string> = {
  inference: 'Call models',
  'models:read': 'List models',
  'files:read': 'Read files',
  'files:write': 'Upload and delete files',
  'jobs:read': 'Read fine-tuning jobs',
  'jobs:write': 'Start and stop fine-tuning jobs',
};
