import type { TenantId } from '@parapet/contracts/ids';
import { sql } from 'drizzle-orm';
import type { Db } from './client.ts';

/** A transaction of `withTenant` or `asPlatform`. Use nothing else inside: on PGlite the outer `db` would wait for ever. */
export type Tx = Parameters<Parameters<Db['transaction']>[0]>[0];

/** A transaction in which the database itself shows and takes rows of one tenant only. */
export type TenantTx = Tx & { readonly tenantId: TenantId };

/**
 * Runs `work` in a transaction as the role `parapet_app`, which row-level security holds to the tenant's rows:
 * a query that forgets its `where org_id` finds nothing of others, an insert for another tenant fails.
 */
export function withTenant<T>(db: Db, tenantId: TenantId, work: (tx: TenantTx) => Promise<T>): Promise<T> {
  return db.transaction(async (tx) => {
    await tx.execute(sql`select set_config('role', 'parapet_app', true), set_config('app.org_id', ${tenantId}, true)`);
    return work(Object.assign(tx, { tenantId }));
  });
}

/**
 * Runs `work` in a transaction over all tenants, as the role `parapet_platform`: for administrators' verbs,
 * authentication and the queue. It can't change what is append-only either.
 */
export function asPlatform<T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> {
  return db.transaction(async (tx) => {
    await tx.execute(sql`select set_config('role', 'parapet_platform', true)`);
    return work(tx);
  });
}
