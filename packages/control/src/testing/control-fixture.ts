import { newId, type TenantId } from '@parapet/contracts/ids';
import type { Role } from '@parapet/contracts/roles';
import { members, organisations, sessions, users } from '@parapet/db/schema';
import { asPlatform } from '@parapet/db/tenant';
import { testDatabase } from '@parapet/db/testing';
import { eq } from 'drizzle-orm';
import type { Principal } from '../access/principal.ts';
import { prepareDatabase } from '../bootstrap.ts';
import type { ControlContext, ControlServices } from '../context.ts';
import { insertOrganisation } from '../organisations/create-organisation.ts';

export type Person = Extract<Principal, { kind: 'user' }>;

/** The control plane on a real database of its own, with people and organisations as the tests want them. */
export class ControlFixture {
  private constructor(readonly services: ControlServices) {}

  static async open(): Promise<ControlFixture> {
    const database = await testDatabase();
    const fixture = new ControlFixture({ database, now: () => new Date() });
    await prepareDatabase(fixture.services);
    return fixture;
  }

  close(): Promise<void> {
    return this.services.database.close();
  }

  /** A person with a session, in no organisation yet. */
  async person(name: string, platformAdmin = false): Promise<Person> {
    const userId = newId('user');
    const sessionId = newId('session');
    const email = `${name.toLowerCase().replace(/[^a-z0-9]/g, '.')}.${userId.slice(-6)}@example.test`;
    await asPlatform(this.services.database.db, async (tx) => {
      await tx.insert(users).values({ id: userId, name, email, role: platformAdmin ? 'admin' : 'user' });
      const expiresAt = new Date(Date.now() + 3_600_000);
      await tx.insert(sessions).values({ id: sessionId, userId, token: newId('session'), expiresAt });
    });
    return { kind: 'user', userId, name, email, platformAdmin, sessionId, tenancy: null, viewing: false };
  }

  /** An organisation and its owner, whose calls are about it. */
  async organisation(name: string): Promise<{ id: TenantId; owner: Person }> {
    const owner = await this.person(`${name} Owner`);
    const now = this.services.now();
    const made = await asPlatform(this.services.database.db, (tx) =>
      insertOrganisation(tx, { name, ownerId: owner.userId, now }),
    );
    return { id: made.id, owner: { ...owner, tenancy: { ...made, role: 'owner', suspended: false } } };
  }

  /** A further member of an organisation. */
  async member(orgId: TenantId, role: Role): Promise<Person> {
    const person = await this.person(`${role} member`);
    const { db } = this.services.database;
    await asPlatform(db, (tx) =>
      tx.insert(members).values({ id: newId('member'), orgId, userId: person.userId, role }),
    );
    const [row] = await db.select().from(organisations).where(eq(organisations.id, orgId));
    if (!row) throw new Error(`no organisation ${orgId}`);
    return { ...person, tenancy: { id: orgId, slug: row.slug, name: row.name, role, suspended: false } };
  }

  /** A call by someone. */
  as(principal: Principal): ControlContext {
    return {
      services: this.services,
      principal,
      origin: { ip: '127.0.0.1', userAgent: 'test', requestId: 'req_test' },
    };
  }
}
