import { readdirSync } from 'node:fs';
import { newId } from '@parapet/contracts/ids';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DatabaseHandle, openDatabase } from './client.ts';
import { migrate } from './migrate.ts';
import { apiKeys } from './schema/index.ts';
import { withTenant } from './tenant.ts';
import { canStartPostgres, createTestTenant, openTestPostgresUrl } from './testing/index.ts';

describe.skipIf(!canStartPostgres())('Postgres', () => {
  let server: { url: string; drop: () => Promise<void> };
  let owner: DatabaseHandle;
  beforeAll(async () => {
    server = await openTestPostgresUrl('own');
    owner = await openDatabase({ kind: 'postgres', url: server.url });
  });
  afterAll(async () => {
    await owner.close();
    await server.drop();
  });

  it('is migrated once by gateways that start at the same time', async () => {
    const others = await Promise.all([1, 2].map(() => openDatabase({ kind: 'postgres', url: server.url })));
    await Promise.all([owner, ...others].map((handle) => migrate(handle)));
    await Promise.all(others.map((handle) => handle.close()));
    const [row] = await owner.query<{ count: number }>('select count(*) from drizzle.__drizzle_migrations');
    expect(row?.count).toBe(
      readdirSync(new URL('../migrations', import.meta.url)).filter((name) => name.endsWith('.sql')).length,
    );
  });

  it('serves a gateway whose account owns nothing, and keeps it behind the walls', async () => {
    const name = `gateway_${newId('request').slice(-10)}`;
    await owner.script(`create role ${name} login in role parapet_platform; grant parapet_app to ${name}`);
    const url = new URL(server.url);
    url.username = name;
    const gateway = await openDatabase({ kind: 'postgres', url: url.href });
    try {
      const mine = await createTestTenant(gateway.db);
      const theirs = await createTestTenant(gateway.db);
      const key = (orgId: string) => ({ id: newId('apiKey'), orgId, name: 'k', hash: newId('apiKey'), hint: 'pk_' });
      await gateway.db.insert(apiKeys).values([key(mine), key(theirs)]);
      expect(await withTenant(gateway.db, mine, (tx) => tx.select().from(apiKeys))).toHaveLength(1);
      expect(await gateway.query("select parapet_admit('[]') as rows")).toEqual([{ rows: [] }]);
      for (const statement of [
        'alter table api_keys disable row level security',
        'drop policy tenant on api_keys',
        'alter table ledger_entries disable trigger append_only',
        'delete from ledger_entries',
        'truncate audit_log',
        `alter role ${name} bypassrls`,
        'select parapet_raise_walls()',
      ]) {
        await expect(gateway.query(statement), statement).rejects.toThrow(/must be|permission denied|owner/);
      }
    } finally {
      await gateway.close();
      await owner.script(`revoke parapet_app, parapet_platform from ${name}; drop role ${name}`);
    }
  });

  it('says at once that the server is gone, or that every connection is taken for too long', async () => {
    const handle = await openDatabase({ kind: 'postgres', url: server.url, poolSize: 1, connectTimeoutMs: 300 });
    let end = () => {};
    const taken = handle.db.transaction(
      () =>
        new Promise<void>((resolve) => {
          end = resolve;
        }),
    );
    await expect(handle.query('select 1')).rejects.toMatchObject({ code: 'engine_unavailable' });
    end();
    await taken;
    expect(await handle.query('select 1 as one')).toEqual([{ one: 1 }]);
    await expect(handle.query('select 1 / 0')).rejects.toMatchObject({ code: '22012' });
    await handle.close();
    const nobody = openDatabase({ kind: 'postgres', url: 'postgres://nobody@127.0.0.1:1/none' });
    await expect(nobody).rejects.toThrow(/does not answer/);
  });

  it('reads counts as exact numbers, and says when one is beyond them', async () => {
    expect(await owner.query('select 9007199254740991::bigint as n')).toEqual([{ n: 9_007_199_254_740_991 }]);
    await expect(owner.query('select 9007199254740992::bigint as n')).rejects.toThrow(/beyond 2\^53/);
  });

  it('calls back at a notification', async () => {
    const heard: string[] = [];
    const stop = await owner.listen('test_channel', (payload) => heard.push(payload));
    await owner.query("select pg_notify('test_channel', 'hello')");
    await expect.poll(() => heard).toEqual(['hello']);
    await stop();
  });
});
