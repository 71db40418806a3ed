import { ParapetError } from '@parapet/contracts/errors';
import type { TenantDetail, TenantView } from '@parapet/contracts/portal/admin';
import {
  adapters,
  fineTuningJobs,
  members,
  organisations,
  orgPeriods,
  plans,
  quotaOverrides,
} from '@parapet/db/schema';
import type { Tx } from '@parapet/db/tenant';
import { effectiveLimits, monthOf } from '@parapet/metering/quota';
import { and, eq, type SQL, sql } from 'drizzle-orm';
import { quotaView } from '../usage/quota-view.ts';
import { selectMembers } from '../verbs/organisation/list-members.ts';

/** Columns of a tenant as admins see it, this month's use included. */
const columns = {
  id: organisations.id,
  name: organisations.name,
  slug: organisations.slug,
  planId: plans.id,
  planName: plans.name,
  planLimits: plans.limits,
  override: quotaOverrides.limits,
  status: organisations.status,
  suspendedReason: organisations.suspendedReason,
  createdAt: organisations.createdAt,
  members: sql<number>`(select count(*)::int from ${members} where ${members.orgId} = ${organisations.id})`,
  runningJobs: sql<number>`(select count(*)::int from ${fineTuningJobs} where ${fineTuningJobs.orgId} = ${organisations.id} and ${fineTuningJobs.status} = 'running')`,
  adapters: sql<number>`(select count(*)::int from ${adapters} where ${adapters.orgId} = ${organisations.id})`,
  gpuMicros: sql`coalesce(${orgPeriods.inferenceGpuUsed} + ${orgPeriods.trainingGpuUsed}, 0)`.mapWith(Number),
  costMicros: sql`coalesce(${orgPeriods.spendUsed}, 0)`.mapWith(Number),
};

export const gpuUse = sql`coalesce(${orgPeriods.inferenceGpuUsed} + ${orgPeriods.trainingGpuUsed}, 0)`;

/** Tenants with this month's use; sorted and cut by the caller. */
export function selectTenants(tx: Tx, now: Date, where: SQL | undefined) {
  return tx
    .select(columns)
    .from(organisations)
    .innerJoin(plans, eq(plans.id, organisations.planId))
    .leftJoin(quotaOverrides, eq(quotaOverrides.orgId, organisations.id))
    .leftJoin(orgPeriods, and(eq(orgPeriods.orgId, organisations.id), eq(orgPeriods.period, monthOf(now))))
    .where(where);
}
type Row = Awaited<ReturnType<typeof selectTenants>>[number];

export function toTenantView(row: Row): TenantView {
  return {
    id: row.id,
    name: row.name,
    slug: row.slug,
    plan: { id: row.planId, name: row.planName },
    suspended: row.status === 'suspended',
    suspendedReason: row.suspendedReason,
    members: row.members,
    gpuSecondsUsed: row.gpuMicros / 1e6,
    gpuSecondsLimit: { ...row.planLimits, ...row.override }.gpuSecondsPerMonth,
    runningJobs: row.runningJobs,
    adapters: row.adapters,
    costMicrosThisMonth: row.costMicros,
    createdAt: row.createdAt.getTime(),
  };
}

/** One tenant in full. @throws ParapetError `not_found` */
export async function tenantDetail(tx: Tx, organisationId: string, now: Date): Promise<TenantDetail> {
  const [row] = await selectTenants(tx, now, eq(organisations.id, organisationId));
  if (!row || row.status === 'deleted') throw new ParapetError('not_found', 'There is no organisation of that id.');
  return {
    ...toTenantView(row),
    quota: await quotaView(tx, organisationId, now),
    override: row.override ?? {},
    memberList: await selectMembers(tx, organisationId),
  };
}

/** What an audit row says of a tenant's limits. */
export async function limitsForAudit(tx: Tx, organisationId: string) {
  const { plan, limits } = await effectiveLimits(tx, organisationId);
  return { plan: plan.name, limits };
}
