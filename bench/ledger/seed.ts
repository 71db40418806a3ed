import { asTenantId, newId, type TenantId } from '@parapet/contracts/ids';
import type { DatabaseHandle } from '@parapet/db/client';
import { apiKeys, modelPrices } from '@parapet/db/schema';
import { createTestTenant } from '@parapet/db/testing';

export const model = 'smollm2-135m-instruct';
export type Caller = { tenantId: TenantId; keyId: string };

/** Tenants with every limit on, none of which is met: each check is made and none refuses. */
export async function seedCallers(handle: DatabaseHandle, count: number): Promise<Caller[]> {
  await handle.db.insert(modelPrices).values({
    id: newId('price'),
    model,
    promptMicrosPerMillion: 50_000,
    completionMicrosPerMillion: 200_000,
    effectiveFrom: new Date(0),
  });
  return Promise.all(
    Array.from({ length: count }, async () => {
      const tenantId = await createTestTenant(handle.db, {
        gpuSecondsPerMonth: 1e9,
        requestsPerMinute: 1e8,
        tokensPerMinute: 1e10,
        concurrentRequests: 1e6,
      });
      const keyId = newId('apiKey');
      const limits = { requestsPerMinute: 1e8, tokensPerMinute: 2e9, budgetMicros: 1e12 };
      await handle.db
        .insert(apiKeys)
        .values({ id: keyId, orgId: tenantId, name: 'bench', hash: keyId, hint: 'pk_live_', ...limits });
      return { tenantId, keyId };
    }),
  );
}

/**
 * A ledger with `rows` settled requests of the last 28 days behind it, spread over the callers: written by one
 * statement a table, then analysed. Balances and rollups are made from the same rows, so it reconciles.
 */
export async function seedHistory(handle: DatabaseHandle, callers: readonly Caller[], rows: number): Promise<void> {
  const tenants = callers.map((caller) => caller.tenantId);
  const keys = callers.map((caller) => caller.keyId);
  await handle.query(
    "create table bench_history as select i, ($1::text[])[1 + i % $3::int] as org, ($2::text[])[1 + i % $3::int] as key, now() - (i % 2419200) * interval '1 second' as at from generate_series(0, $4::int - 1) i",
    [tenants, keys, callers.length, rows],
  );
  const period = "date_trunc('month', at at time zone 'UTC')::date";
  const id = "lpad(i::text, 24, '0')";
  await handle.script(`
    insert into holds (id, org_id, kind, request_id, key_id, model, period, tokens, gpu_micros, spend_micros, status, created_at, expires_at, closed_at)
      select 'hold_' || ${id}, org, 'inference', 'req_' || ${id}, key, '${model}', ${period}, 30, 5000, 5, 'settled', at, at, at from bench_history;
    insert into ledger_entries (id, org_id, kind, phase, request_id, hold_id, key_id, resource, period, gpu_held, gpu_used, spend_held, spend_used, created_at)
      select 'led_o' || ${id}, org, 'hold', 'open', 'req_' || ${id}, 'hold_' || ${id}, key, 'inference', ${period}, 5000, 0, 5, 0, at from bench_history
      union all select 'led_c' || ${id}, org, 'settle', 'charge', 'req_' || ${id}, 'hold_' || ${id}, key, 'inference', ${period}, -5000, 4000, -5, 3, at from bench_history;
    insert into usage_events (id, org_id, kind, request_id, key_id, model, prompt_tokens, completion_tokens, gpu_micros, spend_micros, outcome, period, occurred_at)
      select 'use_' || ${id}, org, 'inference', 'req_' || ${id}, key, '${model}', 10, 12, 4000, 3, 'stop', ${period}, at from bench_history;
    insert into usage_hourly (org_id, kind, key_id, model, hour, requests, prompt_tokens, completion_tokens, gpu_micros, spend_micros)
      select org, 'inference', key, '${model}', date_trunc('hour', at), count(*), 10 * count(*), 12 * count(*), 4000 * count(*), 3 * count(*) from bench_history group by 1, 3, 5;
    insert into usage_daily (org_id, kind, key_id, model, day, requests, prompt_tokens, completion_tokens, gpu_micros, spend_micros)
      select org, 'inference', key, '${model}', (at at time zone 'UTC')::date, count(*), 10 * count(*), 12 * count(*), 4000 * count(*), 3 * count(*) from bench_history group by 1, 3, 5;
    insert into org_meters (org_id) select distinct org from bench_history on conflict do nothing;
    insert into org_periods (org_id, period, inference_gpu_used, spend_used) select org, ${period}, 4000 * count(*), 3 * count(*) from bench_history group by 1, 2;
    insert into key_periods (key_id, period, org_id, spend_used) select key, ${period}, org, 3 * count(*) from bench_history group by 1, 2, 3;
    drop table bench_history`);
  await handle.script('analyze');
}

export const tenantOf = (caller: Caller | undefined) => asTenantId(caller?.tenantId ?? '');
