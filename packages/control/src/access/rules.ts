import type { KeyScope, Role } from '@parapet/contracts/roles';

/**
 * Who may call a verb.
 * - `tenant`: a member (or service account) of the organisation with at least `role`; by API key only when `scope`
 *   names one that the key has. Writes are refused to a suspended tenant and to an admin who only looks.
 * - `self`: any signed-in person, about what is their own.
 * - `platform`: platform admins, signed in.
 */
export type Rule =
  | { over: 'tenant'; effect: 'read' | 'write'; role: Role; scope: KeyScope | null }
  | { over: 'self'; effect: 'read' | 'write' }
  | { over: 'platform'; effect: 'read' | 'write' };

const read = <R extends Role, S extends KeyScope | null>(role: R, scope: S) =>
  ({ over: 'tenant', effect: 'read', role, scope }) as const;
const write = <R extends Role, S extends KeyScope | null>(role: R, scope: S) =>
  ({ over: 'tenant', effect: 'write', role, scope }) as const;
const self = { read: { over: 'self', effect: 'read' }, write: { over: 'self', effect: 'write' } } as const;
const platform = { read: { over: 'platform', effect: 'read' }, write: { over: 'platform', effect: 'write' } } as const;

/** Every verb's rule. A verb that is not here does not compile; a rule without a verb fails a test. */
export const verbRules = {
  'session.switchOrganisation': self.write,
  'session.createOrganisation': self.write,
  'session.acceptInvitation': self.write,
  'session.declineInvitation': self.write,
  'session.endImpersonation': self.write,

  'organisation.get': read('viewer', null),
  'organisation.update': write('admin', null),
  'organisation.members': read('viewer', null),
  'organisation.setRole': write('admin', null),
  'organisation.removeMember': write('admin', null),
  'organisation.invitations': read('admin', null),
  'organisation.invite': write('admin', null),
  'organisation.revokeInvitation': write('admin', null),
  'organisation.serviceAccounts': read('viewer', null),
  'organisation.createServiceAccount': write('admin', null),
  'organisation.removeServiceAccount': write('admin', null),

  'keys.list': read('viewer', null),
  'keys.create': write('developer', null),
  'keys.update': write('developer', null),
  'keys.rotate': write('developer', null),
  'keys.revoke': write('developer', null),

  'datasets.create': write('developer', 'files:write'),
  'datasets.list': read('viewer', 'files:read'),
  'datasets.get': read('viewer', 'files:read'),
  'datasets.problems': read('viewer', 'files:read'),
  'datasets.rows': read('viewer', 'files:read'),
  'datasets.content': read('viewer', 'files:read'),
  'datasets.split': write('developer', 'files:write'),
  'datasets.delete': write('developer', 'files:write'),
  'datasets.samples': read('viewer', null),
  'datasets.importSample': write('developer', null),

  'jobs.create': write('developer', 'jobs:write'),
  'jobs.estimate': read('viewer', 'jobs:read'),
  'jobs.list': read('viewer', 'jobs:read'),
  'jobs.get': read('viewer', 'jobs:read'),
  'jobs.pause': write('developer', 'jobs:write'),
  'jobs.resume': write('developer', 'jobs:write'),
  'jobs.cancel': write('developer', 'jobs:write'),
  'jobs.clone': write('developer', 'jobs:write'),
  'jobs.events': read('viewer', 'jobs:read'),
  'jobs.checkpoints': read('viewer', 'jobs:read'),
  'jobs.metrics': read('viewer', 'jobs:read'),
  'jobs.metricsCsv': read('viewer', 'files:read'),
  'jobs.samples': read('viewer', 'jobs:read'),
  'jobs.live': read('viewer', 'jobs:read'),
  'jobs.compare': read('viewer', 'jobs:read'),

  'adapters.list': read('viewer', 'models:read'),
  'adapters.get': read('viewer', 'models:read'),
  'adapters.lineage': read('viewer', 'models:read'),
  'adapters.evaluation': read('viewer', 'models:read'),
  'adapters.vectors': read('viewer', 'models:read'),
  'adapters.content': read('viewer', 'models:read'),
  'adapters.import': write('developer', 'jobs:write'),
  'adapters.moveAlias': write('developer', 'jobs:write'),
  'adapters.aliasBack': write('developer', 'jobs:write'),
  'adapters.removeAlias': write('developer', 'jobs:write'),
  'adapters.rename': write('developer', 'jobs:write'),
  'adapters.deleteVersion': write('developer', 'jobs:write'),
  'adapters.delete': write('developer', 'jobs:write'),

  'models.list': read('viewer', 'models:read'),
  'models.get': read('viewer', 'models:read'),
  'models.resolve': read('viewer', 'inference'),
  'models.delete': write('developer', 'jobs:write'),

  'usage.get': read('viewer', null),
  'usage.export': read('viewer', null),
  'usage.statements': read('admin', null),
  'usage.statement': read('admin', null),
  'usage.statementExport': read('admin', null),
  'quota.get': read('viewer', null),

  'audit.list': read('admin', null),
  'audit.export': read('admin', null),
  'audit.verify': read('admin', null),

  'webhooks.list': read('viewer', null),
  'webhooks.create': write('admin', null),
  'webhooks.update': write('admin', null),
  'webhooks.delete': write('admin', null),
  'webhooks.deliveries': read('viewer', null),
  'webhooks.redeliver': write('admin', null),

  'admin.tenants.list': platform.read,
  'admin.tenants.get': platform.read,
  'admin.tenants.setPlan': platform.write,
  'admin.tenants.overrideQuota': platform.write,
  'admin.tenants.suspend': platform.write,
  'admin.tenants.unsuspend': platform.write,
  'admin.tenants.impersonate': platform.write,
  'admin.plans.list': platform.read,
  'admin.plans.create': platform.write,
  'admin.plans.update': platform.write,
  'admin.plans.setDefault': platform.write,
  'admin.plans.delete': platform.write,
  'admin.fleet.get': platform.read,
  'admin.fleet.drain': platform.write,
  'admin.fleet.undrain': platform.write,
  'admin.fleet.setTrainingPaused': platform.write,
  'admin.jobs.list': platform.read,
  'admin.jobs.setPriority': platform.write,
  'admin.jobs.cancel': platform.write,
  'admin.jobs.retry': platform.write,
  'admin.baseModels.list': platform.read,
  'admin.baseModels.add': platform.write,
  'admin.baseModels.setDefault': platform.write,
  'admin.baseModels.retire': platform.write,
  'admin.baseModels.restore': platform.write,
  'admin.baseModels.setPrice': platform.write,
  'admin.baseModels.verify': platform.write,
  'admin.baseModels.quantise': platform.write,
  'admin.baseModels.cancelTask': platform.write,
  'admin.usage.get': platform.read,
  'admin.usage.export': platform.read,
  'admin.ledger.list': platform.read,
  'admin.ledger.reconcile': platform.read,
  'admin.audit.list': platform.read,
  'admin.audit.export': platform.read,
  'admin.audit.verify': platform.read,
  'admin.health.get': platform.read,
} as const satisfies Record<string, Rule>;

export type VerbRules = typeof verbRules;
export type VerbName = keyof VerbRules;

const rank: Record<Role, number> = { viewer: 0, developer: 1, admin: 2, owner: 3 };

/** Whether `role` includes `needed`. */
export const includesRole = (role: Role, needed: Role): boolean => rank[role] >= rank[needed];
