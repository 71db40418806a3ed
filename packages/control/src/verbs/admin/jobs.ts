import { ParapetError } from '@parapet/contracts/errors';
import { asTenantId } from '@parapet/contracts/ids';
import {
  type AdminJobView,
  listAdminJobsInputSchema,
  setJobPriorityInputSchema,
} from '@parapet/contracts/portal/admin';
import type { Page } from '@parapet/contracts/portal/common';
import { jobIdInputSchema } from '@parapet/contracts/portal/jobs';
import { fineTuningJobs, organisations, usageEvents } from '@parapet/db/schema';
import type { Tx } from '@parapet/db/tenant';
import { and, asc, desc, eq, gt, ilike, inArray, or, type SQL, sql } from 'drizzle-orm';
import { changeStatus } from '../../jobs/change-status.ts';
import { addJobEvent } from '../../jobs/events.ts';
import { type JobRow, selectJobs } from '../../jobs/job-view.ts';
import { containing, offsetOf, offsetPage } from '../../page.ts';
import { defineVerb } from '../../verb.ts';

const dayMs = 24 * 3600 * 1000;

async function selectAdminJobs(
  tx: Tx,
  now: Date,
  {
    order = 'queue',
    ...options
  }: { where?: SQL; order?: 'queue' | 'newest' | 'oldest'; limit: number; offset?: number },
): Promise<AdminJobView[]> {
  // Running first, then waiting ones in the order they would be served, then the rest, newest first.
  const queue = [
    asc(
      sql`case ${fineTuningJobs.status} when 'running' then 0 when 'queued' then 1 when 'validating_files' then 2 else 3 end`,
    ),
    desc(fineTuningJobs.priority),
    sql`case when ${fineTuningJobs.status} = 'queued' then ${fineTuningJobs.queuedAt} end asc nulls last`,
    desc(fineTuningJobs.id),
  ];
  const byAge = order === 'oldest' ? asc(fineTuningJobs.id) : desc(fineTuningJobs.id);
  const jobs = await selectJobs(tx, { ...options, orderBy: order === 'queue' ? queue : [byAge] });
  const orgIds = [...new Set(jobs.map(({ row }) => row.orgId))];
  if (orgIds.length === 0) return [];
  const orgs = await tx
    .select({ id: organisations.id, name: organisations.name, slug: organisations.slug })
    .from(organisations)
    .where(inArray(organisations.id, orgIds));
  const use = await tx
    .select({ orgId: usageEvents.orgId, micros: sql`sum(${usageEvents.gpuMicros})`.mapWith(Number) })
    .from(usageEvents)
    .where(
      and(
        inArray(usageEvents.orgId, orgIds),
        eq(usageEvents.kind, 'training'),
        gt(usageEvents.occurredAt, new Date(now.getTime() - dayMs)),
      ),
    )
    .groupBy(usageEvents.orgId);
  const orgOf = new Map(orgs.map((org) => [org.id, org]));
  const useOf = new Map(use.map(({ orgId, micros }) => [orgId, micros]));
  return jobs.map(({ row, view }) => ({
    ...view,
    organisation: orgOf.get(row.orgId) ?? { id: row.orgId, name: row.orgId, slug: '' },
    priority: row.priority,
    attempts: row.attempts,
    workerName: row.leaseOwner,
    tenantRecentDeviceMicros: useOf.get(row.orgId) ?? 0,
  }));
}

/** The queue over all tenants, with what fair share goes by. */
export const listAdminJobs = defineVerb(
  'admin.jobs.list',
  listAdminJobsInputSchema,
  ({ read, now }, { cursor, limit, search, order, status, organisationId }): Promise<Page<AdminJobView>> =>
    read(async (tx) => {
      const offset = offsetOf(cursor);
      const text = search === undefined || search === '' ? undefined : containing(search);
      const where = and(
        status === undefined ? undefined : eq(fineTuningJobs.status, status),
        organisationId === undefined ? undefined : eq(fineTuningJobs.orgId, organisationId),
        text ? or(ilike(fineTuningJobs.id, text), ilike(fineTuningJobs.suffix, text)) : undefined,
      );
      return offsetPage(await selectAdminJobs(tx, now, { where, order, limit: limit + 1, offset }), limit, offset);
    }),
);

async function anyJob(tx: Tx, jobId: string): Promise<JobRow> {
  const [row] = await tx.select().from(fineTuningJobs).where(eq(fineTuningJobs.id, jobId)).for('update');
  if (!row) throw new ParapetError('not_found', 'There is no fine-tuning job of that id.');
  return row;
}

async function viewOf(tx: Tx, jobId: string, now: Date): Promise<AdminJobView> {
  const [view] = await selectAdminJobs(tx, now, { where: eq(fineTuningJobs.id, jobId), limit: 1 });
  if (!view) throw new ParapetError('not_found', 'There is no fine-tuning job of that id.');
  return view;
}

/** Moves a job before or behind the others of its tenant; fair share between tenants stays. */
export const setJobPriority = defineVerb(
  'admin.jobs.setPriority',
  setJobPriorityInputSchema,
  ({ write, now }, { jobId, priority }) =>
    write(async (tx) => {
      const before = await anyJob(tx, jobId);
      await tx.update(fineTuningJobs).set({ priority, updatedAt: now }).where(eq(fineTuningJobs.id, jobId));
      return {
        view: await viewOf(tx, jobId, now),
        audit: { target: { kind: 'job', id: jobId }, before: { priority: before.priority }, after: { priority } },
        auditOrg: asTenantId(before.orgId),
      };
    }),
);

export const cancelAdminJob = defineVerb('admin.jobs.cancel', jobIdInputSchema, ({ write, now }, { jobId }) =>
  write(async (tx) => {
    const { orgId } = await anyJob(tx, jobId);
    const changed = await changeStatus(tx, orgId, jobId, 'cancel', now);
    return { ...changed, view: await viewOf(tx, jobId, now), auditOrg: asTenantId(orgId) };
  }),
);

/** Puts a failed or cancelled job back into the queue, from its last checkpoint if it has one. */
export const retryAdminJob = defineVerb('admin.jobs.retry', jobIdInputSchema, ({ write, now }, { jobId }) =>
  write(async (tx) => {
    const before = await anyJob(tx, jobId);
    if (before.status !== 'failed' && before.status !== 'cancelled') {
      throw new ParapetError(
        'conflict',
        `The job is ${before.status}: only a failed or cancelled one can be tried again.`,
      );
    }
    if (before.trainingDigest === null) throw new ParapetError('conflict', 'The job’s training file was deleted.');
    await tx
      .update(fineTuningJobs)
      .set({
        status: 'queued',
        error: null,
        attempts: 0,
        requestedAction: null,
        finishedAt: null,
        queuedAt: now,
        updatedAt: now,
      })
      .where(eq(fineTuningJobs.id, jobId));
    await addJobEvent(tx, before, 'info', 'An administrator put the job back into the queue', now);
    return {
      view: await viewOf(tx, jobId, now),
      audit: { target: { kind: 'job', id: jobId }, before: { status: before.status }, after: { status: 'queued' } },
      auditOrg: asTenantId(before.orgId),
    };
  }),
);
