import { ParapetError } from '@parapet/contracts/errors';
import type { QuotaLine } from '@parapet/contracts/portal/quota';
import { type QuotaLimits, type QuotaName, quotaNames } from '@parapet/contracts/quota';
import type { Db } from '@parapet/db/client';
import { organisations, plans, quotaOverrides } from '@parapet/db/schema';
import type { Tx } from '@parapet/db/tenant';
import { eq, sql } from 'drizzle-orm';
import { rowsOf } from './rows.ts';

/** Limits one has so many of, against those that are used up and come back with the month or the minute. */
export const heldQuotas = ['concurrentJobs', 'datasetBytes', 'adapterBytes', 'adapters'] as const;
export type HeldQuota = (typeof heldQuotas)[number];

const names: Record<HeldQuota, string> = {
  concurrentJobs: 'fine-tuning jobs at once',
  datasetBytes: 'bytes of data sets',
  adapterBytes: 'bytes of adapters',
  adapters: 'adapters',
};

export type EffectiveLimits = {
  plan: { id: string; name: string };
  limits: QuotaLimits;
  overridden: ReadonlySet<QuotaName>;
  suspended: boolean;
};

/** The plan's limits with the organisation's overrides. Throws `not_found`. */
export async function effectiveLimits(db: Db | Tx, orgId: string): Promise<EffectiveLimits> {
  const [row] = await db
    .select({
      plan: { id: plans.id, name: plans.name },
      planLimits: plans.limits,
      overrides: quotaOverrides.limits,
      status: organisations.status,
    })
    .from(organisations)
    .innerJoin(plans, eq(plans.id, organisations.planId))
    .leftJoin(quotaOverrides, eq(quotaOverrides.orgId, organisations.id))
    .where(eq(organisations.id, orgId));
  if (!row) throw new ParapetError('not_found', 'There is no such organisation.');
  return {
    plan: row.plan,
    limits: { ...row.planLimits, ...row.overrides },
    overridden: new Set(Object.keys(row.overrides ?? {}) as QuotaName[]),
    suspended: row.status === 'suspended',
  };
}

/** Everything limited as it is used at `now`; the token and request buckets drained to that moment. */
export async function quotaUse(db: Db | Tx, orgId: string, now = new Date()): Promise<Record<QuotaName, number>> {
  const period = monthOf(now);
  const elapsed = sql`least(60000000, greatest(0, ${now.getTime() * 1000}::bigint - m.drained_at_micros))`;
  const limits = sql`parapet_limits(${orgId})`;
  const [row] = rowsOf<Record<QuotaName, number | string | null>>(
    await db.execute(sql`
      select
        (select (inference_gpu_used + training_gpu_used) / 1e6 from org_periods p where p.org_id = ${orgId} and p.period = ${period}::date) as "gpuSecondsPerMonth",
        (select ceil(greatest(0, m.request_level - coalesce((${limits}->>'requestsPerMinute')::bigint, 0) * ${elapsed}) / 6e7)) as "requestsPerMinute",
        (select ceil(greatest(0, m.token_level - coalesce((${limits}->>'tokensPerMinute')::bigint, 0) * ${elapsed}) / 6e7)) as "tokensPerMinute",
        m.running_requests as "concurrentRequests",
        (select count(*) from fine_tuning_jobs j where j.org_id = ${orgId} and j.status = 'running') as "concurrentJobs",
        (select sum(d.bytes) from datasets d where d.org_id = ${orgId}) as "datasetBytes",
        (select sum(v.bytes) from adapter_versions v where v.org_id = ${orgId}) as "adapterBytes",
        (select count(*) from adapters a where a.org_id = ${orgId}) as "adapters"
      from (select 1) one left join org_meters m on m.org_id = ${orgId}`),
  );
  return Object.fromEntries(quotaNames.map((name) => [name, Math.max(0, Number(row?.[name] ?? 0))])) as Record<
    QuotaName,
    number
  >;
}

/** Each limit beside its use, as customer and administrator both see it. */
export async function quotaLines(db: Db | Tx, orgId: string, now = new Date()): Promise<QuotaLine[]> {
  const { limits, overridden } = await effectiveLimits(db, orgId);
  const used = await quotaUse(db, orgId, now);
  const nextMonth = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1);
  return quotaNames.map((name) => {
    const limit = limits[name] ?? null;
    return {
      name,
      limit,
      used: used[name],
      state: stateOf(used[name], limit),
      source: overridden.has(name) ? 'override' : 'plan',
      resetsAt: name === 'gpuSecondsPerMonth' ? nextMonth : null,
    };
  });
}

/** `warning` from 80%, `exhausted` from 100%. */
export function stateOf(used: number, limit: number | null): QuotaLine['state'] {
  if (limit === null) return 'ok';
  if (used >= limit) return 'exhausted';
  return used * 100 >= limit * 80 ? 'warning' : 'ok';
}

/**
 * Refuses with `insufficient_quota` when `adding` more would exceed the limit. In the transaction that adds: an
 * advisory lock makes two that add at once wait for each other, so that both can't take the last place.
 */
export async function requireQuota(tx: Tx, orgId: string, name: HeldQuota, adding: number): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`${orgId}/${name}`}, 0))`);
  const limit = (await effectiveLimits(tx, orgId)).limits[name] ?? null;
  if (limit === null) return;
  const used = (await quotaUse(tx, orgId))[name];
  if (used + adding <= limit) return;
  throw new ParapetError(
    'insufficient_quota',
    `This organisation may have ${limit} ${names[name]}; ${used} are in use and this needs ${adding} more. Delete some, or ask for a larger plan.`,
  );
}

/** First day of the month (UTC) a moment is in: the name of an accounting period. */
export function monthOf(at: Date): string {
  return `${at.toISOString().slice(0, 7)}-01`;
}
