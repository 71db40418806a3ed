import type { Page } from '@parapet/contracts/portal/common';
import { type JobEventView, listJobEventsInputSchema } from '@parapet/contracts/portal/jobs';
import { jobEvents } from '@parapet/db/schema';
import { and, desc, eq, lt } from 'drizzle-orm';
import { z } from 'zod';
import { requireJob } from '../../jobs/job-view.ts';
import { defineVerb } from '../../verb.ts';

/** JobEventView with what API clients read of it. */
export interface JobEvent extends JobEventView {
  type: 'message' | 'metrics';
  data: Record<string, unknown> | null;
}

export const eventView = (row: typeof jobEvents.$inferSelect): JobEvent => ({
  id: row.id,
  createdAt: row.createdAt.getTime(),
  level: row.level,
  type: row.type,
  message: row.message,
  data: row.data,
});

/** A job's events, newest first; the cursor is the last event's id. */
export const listEvents = defineVerb(
  'jobs.events',
  listJobEventsInputSchema.extend({
    /** Without it both what is said in words and the metrics of every step. */
    type: z.enum(['message', 'metrics']).optional(),
  }),
  ({ read, tenancy }, { jobId, cursor, limit, type }): Promise<Page<JobEvent>> =>
    read(async (tx) => {
      await requireJob(tx, tenancy.id, jobId);
      const rows = await tx
        .select()
        .from(jobEvents)
        .where(
          and(
            eq(jobEvents.jobId, jobId),
            cursor === undefined ? undefined : lt(jobEvents.id, cursor),
            type === undefined ? undefined : eq(jobEvents.type, type),
          ),
        )
        .orderBy(desc(jobEvents.id))
        .limit(limit + 1);
      const items = rows.slice(0, limit).map(eventView);
      return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
    }),
);
