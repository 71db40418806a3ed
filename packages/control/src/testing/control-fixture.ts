import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFilesystemStore } from '@parapet/adapter-store/filesystem';
import type { AdapterManifest } from '@parapet/contracts/adapter';
import { newId, type TenantId } from '@parapet/contracts/ids';
import type { Role } from '@parapet/contracts/roles';
import { asMessages } from '@parapet/contracts/training-row';
import { members, organisations, sessions, users } from '@parapet/db/schema';
import { asPlatform } from '@parapet/db/tenant';
import { testDatabase } from '@parapet/db/testing';
import { createMetering } from '@parapet/metering/metering';
import { eq } from 'drizzle-orm';
import type { Principal } from '../access/principal.ts';
import { prepareDatabase } from '../bootstrap.ts';
import type { ControlContext, ControlServices } from '../context.ts';
import type { RowTokenizer } from '../datasets/row-tokenizer.ts';
import { insertOrganisation } from '../organisations/create-organisation.ts';
import { createSecretBox } from '../secret-box.ts';

export type Person = Extract<Principal, { kind: 'user' }>;

/** The control plane on a real database of its own, with people and organisations as the tests want them. */
export class ControlFixture {
  private constructor(
    readonly services: ControlServices,
    private readonly folder: string,
  ) {}

  static async open(): Promise<ControlFixture> {
    const database = await testDatabase();
    const folder = await mkdtemp(join(tmpdir(), 'parapet-control-'));
    const fixture = new ControlFixture(
      {
        database,
        blobs: createFilesystemStore(folder),
        metering: createMetering(database),
        tokenizer: wordTokenizer,
        secrets: createSecretBox('a secret of the tests only'),
        webhooksInside: true,
        now: () => new Date(),
      },
      folder,
    );
    await prepareDatabase(fixture.services);
    return fixture;
  }

  async close(): Promise<void> {
    await this.services.metering.drain();
    await this.services.database.close();
    await rm(this.folder, { recursive: true, force: true });
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

/** A tokenizer small enough to check by eye: a token is a word, a row is `role: content` lines. */
export const wordTokenizer: RowTokenizer = {
  count: async (rows) => (await wordTokenizer.render(rows)).map(({ total, completion }) => ({ total, completion })),
  render: async (rows) =>
    rows.map((row) => {
      let text = '';
      const targets: [number, number][] = [];
      for (const { role, content, weight } of asMessages(row)) {
        text += `${role}: `;
        if (role === 'assistant' && weight !== 0) targets.push([text.length, text.length + content.length]);
        text += `${content}\n`;
      }
      const words = (part: string) => part.split(/\s+/).filter(Boolean).length;
      const completion = targets.reduce((sum, [from, to]) => sum + words(text.slice(from, to)), 0);
      return { text, targets, total: words(text), completion };
    }),
};

/** An adapter file with a sound manifest and no tensors. */
export function adapterFile(baseDigest: string, baseModel = 'tiny'): Buffer {
  const manifest: AdapterManifest = {
    version: 1,
    config: { method: 'ia3' },
    baseDigest,
    baseModel,
    parameters: 1,
  };
  const header = Buffer.from(JSON.stringify({ __metadata__: { parapet: JSON.stringify(manifest) } }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header]);
}
