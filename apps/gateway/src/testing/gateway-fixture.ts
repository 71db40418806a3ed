import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId, type TenantId } from '@parapet/contracts/ids';
import { type CreateKeyInput, createKeyInputSchema } from '@parapet/contracts/portal/keys';
import type { QuotaLimits } from '@parapet/contracts/quota';
import type { Role } from '@parapet/contracts/roles';
import type { Principal } from '@parapet/control/context';
import { createKey } from '@parapet/control/verbs/keys/create-key';
import { createServiceAccount } from '@parapet/control/verbs/organisation/create-service-account';
import type { DatabaseConfig } from '@parapet/db/client';
import { members, organisations, users } from '@parapet/db/schema';
import { createTestTenant, pgliteTemplate } from '@parapet/db/testing';
import { eq } from 'drizzle-orm';
import { createGateway, type Gateway, type GatewayConfig } from '../server.ts';
import { type NullEngine, type NullEngineOptions, startNullEngine } from './null-engine.ts';

const workerToken = 'the-token-of-workers-in-tests-and-benchmarks';

export interface FixtureOptions {
  /** PGlite from the tests' template unless told. */
  database?: DatabaseConfig;
  engine?: Partial<NullEngineOptions>;
  config?: Partial<GatewayConfig>;
}

/** A real gateway on a real database, listening, with a null engine as its only worker. */
export class GatewayFixture {
  private constructor(
    readonly gateway: Gateway,
    readonly engine: NullEngine,
    readonly url: string,
    readonly config: GatewayConfig,
    private readonly folder: string,
  ) {}

  static async open(options: FixtureOptions = {}): Promise<GatewayFixture> {
    const folder = await mkdtemp(join(tmpdir(), 'parapet-gateway-'));
    const config: GatewayConfig = {
      database: options.database ?? {
        kind: 'pglite',
        directory: join(folder, 'pglite'),
        template: await pgliteTemplate(),
      },
      blobs: { kind: 'files', directory: join(folder, 'blobs') },
      workerToken,
      authSecret: 'a-secret-that-signs-sessions-in-tests-only',
      publicUrl: 'http://localhost:3000',
      logLevel: 'error',
      ...options.config,
    };
    const gateway = await createGateway(config);
    const url = await gateway.listen({ port: 0, host: '127.0.0.1' });
    const engine = await startNullEngine({ workerToken, ...options.engine });
    await engine.join(url);
    return new GatewayFixture(gateway, engine, url, config, folder);
  }

  /** What a worker sends. */
  readonly workerAuthorization = `Bearer ${workerToken}`;

  /** An organisation with these limits (none unless told) and a member. */
  async tenant(limits: Partial<QuotaLimits> = {}, role: Role = 'owner'): Promise<Principal & { kind: 'user' }> {
    const { db } = this.gateway.services.control.database;
    const id = await createTestTenant(db, limits);
    return this.member(id, role);
  }

  /** A member of an organisation, as control's verbs take it. */
  async member(id: TenantId, role: Role): Promise<Principal & { kind: 'user' }> {
    const { db } = this.gateway.services.control.database;
    const userId = newId('user');
    const email = `${userId}@example.test`;
    await db.insert(users).values({ id: userId, name: role, email });
    await db.insert(members).values({ id: newId('member'), orgId: id, userId, role });
    const [row] = await db.select().from(organisations).where(eq(organisations.id, id));
    return {
      kind: 'user',
      userId,
      name: role,
      email,
      platformAdmin: false,
      sessionId: 'none',
      tenancy: { id, slug: row!.slug, name: row!.name, role, suspended: false },
      viewing: false,
    };
  }

  /** The text of a new API key of that person's organisation. */
  async key(person: Principal & { kind: 'user' }, input: Partial<CreateKeyInput> = {}): Promise<string> {
    const { secret } = await createKey(this.as(person), createKeyInputSchema.parse({ name: 'test', ...input }));
    return secret;
  }

  /** A key with that role: the owner's own, or a new service account's. */
  async roleKey(owner: Principal & { kind: 'user' }, role: Role): Promise<string> {
    if (role === 'owner') return this.key(owner);
    const account = await createServiceAccount(this.as(owner), { name: `${role} ${newId('serviceAccount')}`, role });
    return this.key(owner, { serviceAccountId: account.id });
  }

  private as(principal: Principal) {
    const { control } = this.gateway.services;
    return { services: control, principal, origin: { ip: null, userAgent: 'test', requestId: null } };
  }

  async close(): Promise<void> {
    await this.engine.close();
    await this.gateway.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
