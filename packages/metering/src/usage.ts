import type { UsageTotals } from '@parapet/contracts/portal/usage';
import type { Db } from '@parapet/db/client';
import type { Tx } from '@parapet/db/tenant';
import { type SQL, sql } from 'drizzle-orm';
import { rowsOf } from './rows.ts';

export type UsageQuery = {
  /** null = all tenants. */
  orgId: string | null;
  /** [from, to) in milliseconds; widened to whole hours or days. */
  from: number;
  to: number;
  bucket: 'hour' | 'day';
  groupBy: 'none' | 'key' | 'model' | 'adapter' | 'organisation';
  keyId?: string;
  model?: string;
};

/** Totals of one hour or day and group; `group` is '' without one. */
export type UsageBucket = UsageTotals & { at: number; group: string };

const groups = {
  none: sql`''`,
  key: sql`u.key_id`,
  model: sql`u.model`,
  adapter: sql`u.adapter`,
  organisation: sql`u.org_id`,
} satisfies Record<UsageQuery['groupBy'], SQL>;

const sums = sql`
  sum(case when u.kind = 'inference' then u.requests else 0 end)::bigint as "requests",
  sum(u.prompt_tokens)::bigint as "promptTokens", sum(u.cached_tokens)::bigint as "cachedTokens",
  sum(u.completion_tokens)::bigint as "completionTokens", sum(u.trained_tokens)::bigint as "trainedTokens",
  sum(case when u.kind = 'inference' then u.gpu_micros else 0 end)::bigint as "inferenceDeviceMicros",
  sum(case when u.kind = 'training' then u.gpu_micros else 0 end)::bigint as "trainingDeviceMicros",
  sum(u.spend_micros)::bigint as "costMicros"`;

/** Usage over time from the rollups, oldest first; hours and days without use are left out. At most 10,000 rows. */
export async function usageSeries(db: Db | Tx, query: UsageQuery): Promise<UsageBucket[]> {
  const group = groups[query.groupBy];
  const from = new Date(query.from).toISOString();
  const to = new Date(query.to).toISOString();
  const span =
    query.bucket === 'hour'
      ? sql`u.hour >= date_trunc('hour', ${from}::timestamptz) and u.hour < ${to}::timestamptz`
      : sql`u.day >= (${from}::timestamptz at time zone 'UTC')::date and u.day < ${to}::timestamptz at time zone 'UTC'`;
  const at =
    query.bucket === 'hour'
      ? sql`(extract(epoch from u.hour) * 1000)::bigint`
      : sql`(extract(epoch from u.day) * 1000)::bigint`;
  const conditions = [span];
  if (query.orgId !== null) conditions.push(sql`u.org_id = ${query.orgId}`);
  if (query.keyId !== undefined) conditions.push(sql`u.key_id = ${query.keyId}`);
  if (query.model !== undefined) conditions.push(sql`(u.model = ${query.model} or u.adapter = ${query.model})`);
  const table = query.bucket === 'hour' ? sql`usage_hourly` : sql`usage_daily`;
  const result = await db.execute(sql`
    select ${at} as at, ${group} as "group", ${sums} from ${table} u
    where ${sql.join(conditions, sql` and `)} group by 1, 2 order by 1, 2 limit 10000`);
  return rowsOf<UsageBucket>(result).map(withNumbers);
}

const noUse: UsageTotals = {
  requests: 0,
  promptTokens: 0,
  cachedTokens: 0,
  completionTokens: 0,
  inferenceDeviceMicros: 0,
  trainingDeviceMicros: 0,
  trainedTokens: 0,
  costMicros: 0,
};

/** Adds rows up. */
export function totalsOf(rows: readonly UsageTotals[]): UsageTotals {
  const totals = { ...noUse };
  for (const row of rows) {
    for (const key of Object.keys(noUse) as (keyof UsageTotals)[]) totals[key] += row[key];
  }
  return totals;
}

/** Drizzle's session reads bigints as text; every sum here is below 2^53 (see db/schema/columns). */
function withNumbers(row: UsageBucket): UsageBucket {
  const { group, ...numbers } = row;
  const entries = Object.entries(numbers).map(([key, value]) => [key, Number(value)]);
  return { ...(Object.fromEntries(entries) as Omit<UsageBucket, 'group'>), group };
}
