import { newId, type TenantId } from '@parapet/contracts/ids';
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DatabaseHandle } from './client.ts';
import { migrate } from './migrate.ts';
import { apiKeys, auditLog, datasets, ledgerEntries, members, organisations, users } from './schema/index.ts';
import { asPlatform, withTenant } from './tenant.ts';
import { createTestTenant, databaseKinds } from './testing/index.ts';

/** A drizzle error says the statement; what Postgres said is its cause. */
const refusal = async (work: Promise<unknown>) =>
  work.then(
    () => 'no refusal',
    (error: { message: string; cause?: { message: string } }) => error.cause?.message ?? error.message,
  );

const aKey = (orgId: string) => ({ id: newId('apiKey'), orgId, name: 'k', hash: newId('apiKey'), hint: 'pk_live_' });
const anAuditRow = (orgId: string | null, chain: string, sequence: number) => ({
  id: newId('auditEntry'),
  orgId,
  chain,
  sequence,
  actorType: 'system' as const,
  action: 'test',
  targetType: 'test',
  targetId: 'x',
  digest: 'd',
});

describe.each(databaseKinds)('row-level security on %s', (_name, open) => {
  let handle: DatabaseHandle;
  let mine: TenantId;
  let theirs: TenantId;
  beforeAll(async () => {
    handle = await open();
    mine = await createTestTenant(handle.db);
    theirs = await createTestTenant(handle.db);
    await handle.db.insert(apiKeys).values([aKey(mine), aKey(theirs)]);
  });
  afterAll(() => handle.close());

  it('stands on every table: one policy for tenants where there is an org_id, none open elsewhere', async () => {
    const tables = await handle.query<{
      name: string;
      tenant: boolean;
      secured: boolean;
      policy: boolean;
      open: boolean;
    }>(
      `select c.relname as name, c.relrowsecurity as secured,
         exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = 'org_id') as tenant,
         exists (select 1 from pg_policy p where p.polrelid = c.oid and p.polname = 'tenant') as policy,
         has_any_column_privilege('parapet_app', c.oid, 'select, insert, update') or has_table_privilege('parapet_app', c.oid, 'delete, truncate') as open
       from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'`,
    );
    expect(tables.length).toBeGreaterThan(35);
    expect(tables.filter((table) => !table.secured)).toEqual([]);
    expect(tables.filter((table) => table.tenant && !table.policy)).toEqual([]);
    expect(tables.filter((table) => table.open && !table.policy)).toEqual([]);
    const shared = tables.filter((table) => !table.tenant && table.open).map((table) => table.name);
    expect(shared.sort()).toEqual(['base_models', 'model_prices', 'organisations', 'plans', 'users']);
  });

  it('shows a tenant its own rows only, whatever the query forgets', async () => {
    const seen = await withTenant(handle.db, mine, (tx) => tx.select().from(apiKeys));
    expect(seen.map((key) => key.orgId)).toEqual([mine]);
    const orgs = await withTenant(handle.db, mine, (tx) => tx.select().from(organisations));
    expect(orgs.map((org) => org.id)).toEqual([mine]);
  });

  it('refuses rows in another tenant’s name, and finds none to change or delete', async () => {
    const forged = withTenant(handle.db, mine, (tx) => tx.insert(apiKeys).values(aKey(theirs)));
    expect(await refusal(forged)).toMatch(/row-level security/);
    const moved = withTenant(handle.db, mine, (tx) => tx.update(apiKeys).set({ orgId: theirs }));
    expect(await refusal(moved)).toMatch(/row-level security/);
    const changed = await withTenant(handle.db, mine, (tx) =>
      tx.update(apiKeys).set({ name: 'taken' }).where(eq(apiKeys.orgId, theirs)).returning(),
    );
    expect(changed).toEqual([]);
    await withTenant(handle.db, mine, (tx) => tx.delete(apiKeys).where(eq(apiKeys.orgId, theirs)));
    expect(await handle.db.select().from(apiKeys).where(eq(apiKeys.orgId, theirs))).toHaveLength(1);
  });

  it('shows nothing without a tenant', async () => {
    const seen = await handle.db.transaction(async (tx) => {
      await tx.execute(sql`select set_config('role', 'parapet_app', true)`);
      return tx.select().from(apiKeys);
    });
    expect(seen).toEqual([]);
  });

  it('shows the people of the own organisation only, and none of their secrets', async () => {
    const person = (id: string) => ({ id, name: id, email: `${id}@example.test` });
    await handle.db.insert(users).values([person('user_mine'), person('user_theirs')]);
    await handle.db.insert(members).values([
      { id: newId('member'), orgId: mine, userId: 'user_mine', role: 'owner' },
      { id: newId('member'), orgId: theirs, userId: 'user_theirs', role: 'owner' },
    ]);
    const seen = await withTenant(handle.db, mine, (tx) => tx.select({ id: users.id }).from(users));
    expect(seen).toEqual([{ id: 'user_mine' }]);
    expect(await refusal(withTenant(handle.db, mine, (tx) => tx.execute(sql`select * from accounts`)))).toMatch(
      /permission/,
    );
    expect(await refusal(withTenant(handle.db, mine, (tx) => tx.execute(sql`select banned from users`)))).toMatch(
      /permission/,
    );
  });

  it('lets neither role change what is append-only, nor a tenant write the ledger', async () => {
    await withTenant(handle.db, mine, (tx) => tx.insert(auditLog).values(anAuditRow(mine, mine, 1)));
    await asPlatform(handle.db, (tx) => tx.insert(auditLog).values(anAuditRow(null, 'platform', 1)));
    const update = sql`update audit_log set action = 'else'`;
    expect(await refusal(withTenant(handle.db, mine, (tx) => tx.execute(update)))).toMatch(/permission denied/);
    expect(await refusal(asPlatform(handle.db, (tx) => tx.execute(update)))).toMatch(/permission denied/);
    expect(await refusal(handle.db.execute(update))).toMatch(/append-only/);
    const entry = { id: newId('ledgerEntry'), orgId: mine, kind: 'adjust', phase: 'adjust', requestId: 'x' } as const;
    const written = withTenant(handle.db, mine, (tx) =>
      tx.insert(ledgerEntries).values({ ...entry, resource: 'inference', period: '2026-11-01' }),
    );
    expect(await refusal(written)).toMatch(/permission denied/);
    const admitted = withTenant(handle.db, mine, (tx) => tx.execute(sql`select parapet_admit('[]')`));
    expect(await refusal(admitted)).toMatch(/permission denied/);
  });

  it('is gone after the transaction: the next one on the connection is the pool’s own', async () => {
    await withTenant(handle.db, mine, (tx) => tx.select().from(datasets));
    expect(await handle.db.select().from(apiKeys)).toHaveLength(2);
  });

  it('stays as it is when migrated again', async () => {
    await migrate(handle);
    const seen = await withTenant(handle.db, mine, (tx) => tx.select().from(apiKeys));
    expect(seen).toHaveLength(1);
  });
});
