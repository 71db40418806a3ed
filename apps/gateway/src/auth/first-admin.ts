import { randomBytes } from 'node:crypto';
import { newId } from '@parapet/contracts/ids';
import type { ControlServices } from '@parapet/control/context';
import { ensureMembership } from '@parapet/control/people';
import { accounts, users } from '@parapet/db/schema';
import { asPlatform } from '@parapet/db/tenant';
import { hashPassword } from 'better-auth/crypto';
import { eq, sql } from 'drizzle-orm';

/** The only time the password exists outside its hash. */
export interface FirstAdmin {
  email: string;
  password: string;
}

/** Makes the first platform admin when there is none; null = there is one. Safe with several gateways starting at once. */
export async function createFirstAdmin(
  services: ControlServices,
  email = 'admin@parapet.local',
): Promise<FirstAdmin | null> {
  const { db } = services.database;
  const password = randomBytes(15).toString('base64url');
  const hash = await hashPassword(password);
  const now = services.now();
  return asPlatform(db, async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('first admin', 0))`);
    const [admin] = await tx.select({ id: users.id }).from(users).where(eq(users.role, 'admin')).limit(1);
    if (admin) return null;
    const id = newId('user', now.getTime());
    const at = { createdAt: now, updatedAt: now };
    await tx.insert(users).values({ id, name: 'Platform admin', email, emailVerified: true, role: 'admin', ...at });
    const account = { id: crypto.randomUUID(), accountId: id, providerId: 'credential', userId: id };
    await tx.insert(accounts).values({ ...account, password: hash, ...at });
    const origin = { ip: null, userAgent: null, requestId: null };
    await ensureMembership(tx, { userId: id, invitationToken: null, origin, now });
    return { email, password };
  });
}
