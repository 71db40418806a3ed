import type { ReconcileView } from '@parapet/contracts/portal/admin';
import type { Db } from '@parapet/db/client';
import { sql } from 'drizzle-orm';
import { rowsOf } from './rows.ts';

export type Reconciliation = ReconcileView;

type Column = { name: string; ledger: string; kept: string };

/**
 * Joins what `ledger` derives with what is `kept`, both by (org_id, key), and gives a row for each column of the two
 * that differs. One pass over each side, however many columns.
 */
const compare = (what: string, ledger: string, kept: string, columns: readonly Column[]) => `
  select coalesce(l.org_id, k.org_id) as org_id, '${what} ' || c.name || ' of ' || coalesce(l.key, k.key) as what, c.ledger, c.kept
  from (${ledger}) l full join (${kept}) k on k.org_id = l.org_id and k.key = l.key
  cross join lateral (values ${columns.map(({ name, ledger: a, kept: b }) => `('${name}', coalesce(l.${a}, 0)::numeric, coalesce(k.${b}, 0)::numeric)`).join(', ')}) c(name, ledger, kept)
  where c.ledger <> c.kept`;

const same = (...names: string[]): Column[] => names.map((name) => ({ name, ledger: name, kept: name }));
const sums = (names: readonly string[]) => names.map((name) => `sum(${name}) as ${name}`).join(', ');

const balances = [
  'inference_gpu_held',
  'inference_gpu_used',
  'training_gpu_held',
  'training_gpu_used',
  'spend_held',
  'spend_used',
];
const of = (resource: string, column: string) =>
  `sum(case when resource = '${resource}' then ${column} else 0 end) as ${resource}_${column}`;
const rolled = [
  'requests',
  'prompt_tokens',
  'cached_tokens',
  'completion_tokens',
  'trained_tokens',
  'gpu_micros',
  'spend_micros',
];

const checks = [
  compare(
    'month’s',
    `select org_id, period::text as key, ${of('inference', 'gpu_held')}, ${of('inference', 'gpu_used')}, ${of('training', 'gpu_held')},
       ${of('training', 'gpu_used')}, sum(spend_held) as spend_held, sum(spend_used) as spend_used from ledger_entries group by 1, 2`,
    `select org_id, period::text as key, ${balances.join(', ')} from org_periods`,
    same(...balances),
  ),
  compare(
    'key’s',
    `select org_id, key_id || ' in ' || period as key, sum(spend_held) as spend_held, sum(spend_used) as spend_used
       from ledger_entries where key_id is not null group by org_id, key_id, period`,
    `select org_id, key_id || ' in ' || period as key, spend_held, spend_used from key_periods`,
    same('spend_held', 'spend_used'),
  ),
  compare(
    'open holds’',
    `select org_id, resource as key, sum(gpu_held) as gpu, sum(spend_held) as spend from ledger_entries group by 1, 2`,
    `select org_id, kind as key, sum(gpu_micros) as gpu, sum(spend_micros) as spend from holds where status = 'held' group by 1, 2`,
    same('gpu', 'spend'),
  ),
  compare(
    'running',
    `select org_id, 'now' as key, count(*) as requests from holds where status = 'held' and kind = 'inference' group by 1`,
    `select org_id, 'now' as key, running_requests as requests from org_meters`,
    same('requests'),
  ),
  compare(
    'charge’s and usage event’s',
    `select org_id, request_id as key, 1 as number, gpu_used as gpu, spend_used as spend from ledger_entries where phase = 'charge'`,
    `select org_id, request_id as key, 1 as number, gpu_micros as gpu, spend_micros as spend from usage_events`,
    same('number', 'gpu', 'spend'),
  ),
  ...['hourly', 'daily'].map((table) =>
    compare(
      table,
      `select org_id, kind as key, count(*) as requests, ${sums(rolled.slice(1))} from usage_events group by 1, 2`,
      `select org_id, kind as key, ${sums(rolled)} from usage_${table} group by 1, 2`,
      same(...rolled),
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
