import type { ReconcileView } from '@parapet/contracts/portal/admin';
import type { Db } from '@parapet/db/client';
import { sql } from 'drizzle-orm';
import { rowsOf } from './rows.ts';

export type Reconciliation = ReconcileView;

/** `what` is kept in two places; each row must be the same in both. */
const balances = (what: string, ledger: string, kept: string) => `
  select coalesce(l.org_id, k.org_id) as org_id, '${what} ' || coalesce(l.name, k.name) as what, coalesce(l.amount, 0) as ledger, coalesce(k.amount, 0) as kept
  from (${ledger}) l full join (${kept}) k on k.org_id = l.org_id and k.name = l.name
  where coalesce(l.amount, 0) <> coalesce(k.amount, 0)`;

const periodColumn = (column: string, of: string, resource?: string) =>
  balances(
    `${column} in`,
    `select org_id, period::text as name, sum(${of}) as amount from ledger_entries ${resource ? `where resource = '${resource}'` : ''} group by 1, 2`,
    `select org_id, period::text as name, ${column} as amount from org_periods`,
  );

const rolled = ['prompt_tokens', 'cached_tokens', 'completion_tokens', 'trained_tokens', 'gpu_micros', 'spend_micros'];

const checks = [
  periodColumn('inference_gpu_held', 'gpu_held', 'inference'),
  periodColumn('inference_gpu_used', 'gpu_used', 'inference'),
  periodColumn('training_gpu_held', 'gpu_held', 'training'),
  periodColumn('training_gpu_used', 'gpu_used', 'training'),
  periodColumn('spend_held', 'spend_held'),
  periodColumn('spend_used', 'spend_used'),
  ...['spend_held', 'spend_used'].map((column) =>
    balances(
      `key ${column}`,
      `select org_id, key_id || ' in ' || period as name, sum(${column}) as amount from ledger_entries where key_id is not null group by 1, 2`,
      `select org_id, key_id || ' in ' || period as name, ${column} as amount from key_periods`,
    ),
  ),
  balances(
    'open holds',
    `select org_id, resource as name, sum(gpu_held) as amount from ledger_entries group by 1, 2`,
    `select org_id, kind as name, sum(gpu_micros) as amount from holds where status = 'held' group by 1, 2`,
  ),
  balances(
    'running',
    `select org_id, 'requests' as name, count(*) as amount from holds where status = 'held' and kind = 'inference' group by 1`,
    `select org_id, 'requests' as name, running_requests as amount from org_meters`,
  ),
  ...['gpu', 'spend'].map((unit) =>
    balances(
      `charged ${unit}`,
      `select org_id, period::text as name, sum(${unit}_used) as amount from ledger_entries where phase = 'charge' group by 1, 2`,
      `select org_id, period::text as name, sum(${unit}_micros) as amount from usage_events group by 1, 2`,
    ),
  ),
  balances(
    'charges without their event, or events without their charge,',
    `select org_id, request_id as name, count(*) as amount from ledger_entries where phase = 'charge' group by 1, 2`,
    `select org_id, request_id as name, count(*) as amount from usage_events group by 1, 2`,
  ),
  ...['hourly', 'daily'].flatMap((table) =>
    ['requests', ...rolled].map((column) =>
      balances(
        `${table} ${column} of`,
        `select org_id, kind as name, ${column === 'requests' ? 'count(*)' : `sum(${column})`} as amount from usage_events group by 1, 2`,
        `select org_id, kind as name, sum(${column}) as amount from usage_${table} group by 1, 2`,
      ),
    ),
  ),
];

/**
 * Derives every balance from the append-only ledger and compares it with the kept one: periods, keys, open holds,
 * running requests, usage events and both rollups. Reads one snapshot, so it may run beside traffic. No difference
 * is the only good answer.
 */
export async function reconcile(db: Db): Promise<Reconciliation> {
  return db.transaction(
    async (tx) => {
      const differences: Reconciliation['differences'] = [];
      for (const check of checks) {
        const rows = rowsOf<{ org_id: string; what: string; ledger: unknown; kept: unknown }>(
          await tx.execute(sql.raw(`${check} limit 100`)),
        );
        for (const row of rows) {
          differences.push({
            organisationId: row.org_id,
            what: row.what,
            ledger: Number(row.ledger),
            kept: Number(row.kept),
          });
        }
      }
      const [counts] = rowsOf<{ organisations: unknown; entries: unknown; holds: unknown }>(
        await tx.execute(sql`select (select count(*) from org_meters) as organisations,
          (select count(*) from ledger_entries) as entries, (select count(*) from holds where status = 'held') as holds`),
      );
      return {
        checkedAt: Date.now(),
        organisations: Number(counts?.organisations ?? 0),
        entries: Number(counts?.entries ?? 0),
        openHolds: Number(counts?.holds ?? 0),
        differences,
      };
    },
    { isolationLevel: 'repeatable read', accessMode: 'read only' },
  );
}
