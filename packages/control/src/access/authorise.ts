import { ParapetError } from '@parapet/contracts/errors';
import type { Principal, Tenancy } from './principal.ts';
import { includesRole, type Rule, type VerbName, verbRules } from './rules.ts';

type Person = Extract<Principal, { kind: 'user' }>;

/** Refuses, or returns the tenancy that a tenant's verb works in. */
export function authoriseTenant(verb: VerbName, principal: Principal): Tenancy {
  const rule: Rule = verbRules[verb];
  if (rule.over !== 'tenant') throw new ParapetError('internal', `${verb} is no tenant's verb.`);
  if (principal.kind === 'system') throw new ParapetError('permission_denied', 'The platform itself has no tenant.');
  const { tenancy } = principal;
  if (tenancy === null) {
    throw new ParapetError(
      'permission_denied',
      'You are not in the organisation that was named, or in none: choose one of yours.',
    );
  }
  if (principal.kind === 'api_key') {
    if (rule.scope === null) {
      throw new ParapetError('permission_denied', 'This can be done in the portal only, not with an API key.');
    }
    if (principal.scopes !== null && !principal.scopes.includes(rule.scope)) {
      throw new ParapetError('permission_denied', `This API key lacks the scope "${rule.scope}".`);
    }
  }
  if (rule.effect === 'write') {
    if (principal.kind === 'user' && principal.viewing) {
      throw new ParapetError(
        'permission_denied',
        'You are looking at this organisation as an admin: nothing can be changed.',
      );
    }
    if (tenancy.suspended) throw suspended();
  }
  if (tenancy.suspended && principal.kind === 'api_key') throw suspended();
  if (!includesRole(tenancy.role, rule.role)) {
    throw new ParapetError(
      'permission_denied',
      `This needs the role "${rule.role}" or above; yours is "${tenancy.role}".`,
    );
  }
  return tenancy;
}

/** Refuses anyone but a signed-in person (for `platform` verbs: an admin). */
export function authorisePerson(verb: VerbName, principal: Principal): Person {
  const rule: Rule = verbRules[verb];
  if (principal.kind !== 'user') throw new ParapetError('permission_denied', 'Sign in to the portal to do this.');
  if (rule.over === 'platform' && !principal.platformAdmin) {
    throw new ParapetError('permission_denied', 'This is for platform admins.');
  }
  if (principal.viewing && rule.effect === 'write' && verb !== 'session.endImpersonation') {
    throw new ParapetError('permission_denied', 'You are looking at an organisation as an admin: leave it first.');
  }
  return principal;
}

const suspended = () =>
  new ParapetError('tenant_suspended', 'This organisation is suspended. Ask the administrators of this platform.');
