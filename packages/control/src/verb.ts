import type { TenantId } from '@parapet/contracts/ids';
import { asPlatform, type TenantTx, type Tx, withTenant } from '@parapet/db/tenant';
import type { z } from 'zod';
import { authorisePerson, authoriseTenant } from './access/authorise.ts';
import type { Principal, Tenancy } from './access/principal.ts';
import { type VerbName, type VerbRules, verbRules } from './access/rules.ts';
import { type AuditRecord, appendAudit } from './audit/chain.ts';
import type { ControlContext, ControlServices } from './context.ts';

/** What a mutation's transaction gives: the answer, and the audit row that is written with it. */
export interface Audited<T> {
  view: T;
  /** null = it turned out that there was nothing to change. */
  audit: AuditRecord | null;
  /** Whose chain the row joins, where it isn't the scope's own. */
  auditOrg?: TenantId;
}

interface Scope {
  services: ControlServices;
  context: ControlContext;
  now: Date;
}
interface TenantRead extends Scope {
  tenancy: Tenancy;
  principal: Exclude<Principal, { kind: 'system' }>;
  /** A transaction in which the database shows this tenant's rows only. */
  read<T>(work: (tx: TenantTx) => Promise<T>): Promise<T>;
}
interface TenantWrite extends TenantRead {
  /** One transaction: the change and its audit row, or neither. */
  write<T>(work: (tx: TenantTx) => Promise<Audited<T>>): Promise<T>;
}
interface PersonRead extends Scope {
  principal: Extract<Principal, { kind: 'user' }>;
  /** A transaction over all tenants: name the person or the tenant in every query. */
  read<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}
interface PersonWrite extends PersonRead {
  write<T>(work: (tx: Tx) => Promise<Audited<T>>): Promise<T>;
}

type RuleOf<N extends VerbName> = VerbRules[N];
/** What a verb may do follows from its rule: a verb that reads has no `write`, a tenant's verb no way around its tenant. */
export type ScopeOf<N extends VerbName> =
  RuleOf<N> extends { over: 'tenant' }
    ? RuleOf<N> extends { effect: 'write' }
      ? TenantWrite
      : TenantRead
    : RuleOf<N> extends { effect: 'write' }
      ? PersonWrite
      : PersonRead;

export interface Verb<I extends z.ZodType = z.ZodType, O = unknown> {
  (context: ControlContext, input: z.output<I>): Promise<O>;
  readonly verbName: VerbName;
  /** Each transport parses with it, once, before it calls. */
  readonly input: I;
}

/**
 * Makes a verb: authorised by its rule before anything else, its transactions bound to the tenant, its changes
 * written together with their audit rows.
 */
export function defineVerb<N extends VerbName, I extends z.ZodType, O>(
  name: N,
  input: I,
  run: (scope: ScopeOf<N>, input: z.output<I>) => Promise<O>,
): Verb<I, O> {
  const call = async (context: ControlContext, value: z.output<I>): Promise<O> => {
    const scope = verbRules[name].over === 'tenant' ? tenantScope(name, context) : personScope(name, context);
    return run(scope as ScopeOf<N>, value);
  };
  return Object.assign(call, { verbName: name, input });
}

// Both scopes are built whole; ScopeOf<N> is what keeps `write` from verbs that read.
function tenantScope(name: VerbName, context: ControlContext): TenantWrite {
  const tenancy = authoriseTenant(name, context.principal);
  const { services, principal, origin } = context;
  const now = services.now();
  const { db } = services.database;
  return {
    services,
    context,
    now,
    tenancy,
    principal: principal as TenantRead['principal'],
    read: (work) => withTenant(db, tenancy.id, work),
    write: (work) =>
      withTenant(db, tenancy.id, async (tx) => {
        const { view, audit } = await work(tx);
        if (audit !== null)
          await appendAudit(tx, { ...audit, orgId: tenancy.id, action: name, principal, origin, now });
        return view;
      }),
  };
}

function personScope(name: VerbName, context: ControlContext): PersonWrite {
  const principal = authorisePerson(name, context.principal);
  const { services, origin } = context;
  const now = services.now();
  const { db } = services.database;
  return {
    services,
    context,
    now,
    principal,
    read: (work) => asPlatform(db, work),
    write: (work) =>
      asPlatform(db, async (tx) => {
        const { view, audit, auditOrg = null } = await work(tx);
        if (audit !== null) await appendAudit(tx, { ...audit, orgId: auditOrg, action: name, principal, origin, now });
        return view;
      }),
  };
}
