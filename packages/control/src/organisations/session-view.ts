import type { SessionOrganisation, SessionView } from '@parapet/contracts/portal/session';
import { accounts, invitations, members, organisations, sessions, users } from '@parapet/db/schema';
import { asPlatform, type Tx } from '@parapet/db/tenant';
import { and, asc, eq, gt, isNotNull, isNull, ne } from 'drizzle-orm';
import type { Principal } from '../access/principal.ts';
import type { ControlServices } from '../context.ts';

/** The organisations a person is in, oldest membership first. */
export async function organisationsOf(tx: Tx, userId: string): Promise<SessionOrganisation[]> {
  const rows = await tx
    .select({
      id: organisations.id,
      name: organisations.name,
      slug: organisations.slug,
      role: members.role,
      status: organisations.status,
    })
    .from(members)
    .innerJoin(organisations, eq(organisations.id, members.orgId))
    .where(and(eq(members.userId, userId), ne(organisations.status, 'deleted')))
    .orderBy(asc(members.createdAt), asc(members.id));
  return rows.map(({ status, ...row }) => ({ ...row, suspended: status === 'suspended' }));
}

/** Who is signed in, where they belong and what waits for them. */
export async function sessionView(services: ControlServices, principal: Principal | null): Promise<SessionView | null> {
  if (principal?.kind !== 'user') return null;
  const now = services.now();
  return asPlatform(services.database.db, async (tx) => {
    const [user] = await tx.select().from(users).where(eq(users.id, principal.userId));
    if (!user) return null;
    const [session] = await tx.select().from(sessions).where(eq(sessions.id, principal.sessionId));
    const waiting = await tx
      .select({
        id: invitations.id,
        organisationName: organisations.name,
        role: invitations.role,
        invitedBy: users.name,
        expiresAt: invitations.expiresAt,
      })
      .from(invitations)
      .innerJoin(organisations, eq(organisations.id, invitations.orgId))
      .leftJoin(users, eq(users.id, invitations.invitedBy))
      .where(
        and(
          eq(invitations.email, user.email.toLowerCase()),
          isNull(invitations.acceptedAt),
          isNull(invitations.revokedAt),
          gt(invitations.expiresAt, now),
        ),
      );
    const { tenancy } = principal;
    const [password] = await tx
      .select({ id: accounts.id })
      .from(accounts)
      .where(and(eq(accounts.userId, user.id), isNotNull(accounts.password)))
      .limit(1);
    return {
      user: {
        id: user.id,
        name: user.name,
        email: user.email,
        emailVerified: user.emailVerified,
        twoFactorEnabled: user.twoFactorEnabled ?? false,
        hasPassword: password !== undefined,
        platformAdmin: principal.platformAdmin,
        createdAt: user.createdAt.getTime(),
      },
      organisation: tenancy && {
        id: tenancy.id,
        name: tenancy.name,
        slug: tenancy.slug,
        role: tenancy.role,
        suspended: tenancy.suspended,
      },
      organisations: await organisationsOf(tx, user.id),
      impersonation:
        principal.viewing && tenancy
          ? { organisationId: tenancy.id, organisationName: tenancy.name, until: session?.viewingUntil?.getTime() ?? 0 }
          : null,
      // Anyone may sign up under any address: only a verified one is told who invited it.
      invitations: (user.emailVerified ? waiting : []).map((row) => ({
        ...row,
        invitedBy: row.invitedBy ?? '',
        expiresAt: row.expiresAt.getTime(),
      })),
    };
  });
}
