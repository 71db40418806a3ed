import type { TenantId } from '@parapet/contracts/ids';
import type { KeyScope, Role } from '@parapet/contracts/roles';

/** The organisation that a call is about, and what the caller is in it. */
export interface Tenancy {
  id: TenantId;
  slug: string;
  name: string;
  role: Role;
  suspended: boolean;
}

/** Who calls: made by authentication alone, never from a request's body. */
export type Principal =
  | {
      kind: 'user';
      userId: string;
      name: string;
      email: string;
      platformAdmin: boolean;
      sessionId: string;
      /** null = a person without an organisation, or one that named none of theirs. */
      tenancy: Tenancy | null;
      /** An admin looks at a tenant's portal: reads as a viewer would, writes nothing. */
      viewing: boolean;
    }
  | {
      kind: 'api_key';
      keyId: string;
      name: string;
      tenancy: Tenancy;
      /** null = all. */
      scopes: readonly KeyScope[] | null;
      /** Model names it may call; null = all of the organisation's. */
      allowedModels: readonly string[] | null;
      limits: { requestsPerMinute: number | null; tokensPerMinute: number | null; budgetMicros: number | null };
      serviceAccountId: string | null;
      /** The person whose key it is; null for a service account's. */
      ownerId: string | null;
    }
  /** The platform itself: first start, expired leases, workers' reports. */
  | { kind: 'system'; name: string };

/** Where a call came from, for the audit log. */
export interface Origin {
  ip: string | null;
  userAgent: string | null;
  requestId: string | null;
}

/** Who did it, as the audit log keeps it. */
export function actorOf(principal: Principal): {
  actorType: 'user' | 'api_key' | 'service_account' | 'system';
  actorId: string | null;
  actorName: string;
} {
  switch (principal.kind) {
    case 'user':
      return { actorType: 'user', actorId: principal.userId, actorName: principal.name };
    case 'api_key':
      return principal.serviceAccountId === null
        ? { actorType: 'api_key', actorId: principal.keyId, actorName: principal.name }
        : { actorType: 'service_account', actorId: principal.serviceAccountId, actorName: principal.name };
    case 'system':
      return { actorType: 'system', actorId: null, actorName: principal.name };
  }
}

/** The person a thing is said to be made by: nobody for a service account's key. */
export const makerOf = (principal: Principal): string | null =>
  principal.kind === 'user' ? principal.userId : principal.kind === 'api_key' ? principal.ownerId : null;
