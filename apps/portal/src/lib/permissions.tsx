'use client';

import type { SessionView } from '@parapet/contracts/portal/session';
import type { Role } from '@parapet/contracts/roles';
import { createContext, type ReactNode, use } from 'react';

const SessionContext = createContext<SessionView | null>(null);

export function SessionProvider({ session, children }: { session: SessionView; children: ReactNode }) {
  return <SessionContext value={session}>{children}</SessionContext>;
}

/** Who is signed in, below the portal's layout. */
export function useSession(): SessionView {
  const session = use(SessionContext);
  if (session === null) throw new Error('useSession is used outside the signed-in area');
  return session;
}

const rank: Record<Role, number> = { viewer: 0, developer: 1, admin: 2, owner: 3 };

/**
 * Whether to offer a change that takes `role`. Only what is shown follows from it: the gateway refuses by itself, and
 * with the reason.
 */
export function useMay(role: Role): boolean {
  const { organisation, impersonation } = useSession();
  return (
    organisation !== null && !organisation.suspended && impersonation === null && rank[organisation.role] >= rank[role]
  );
}
