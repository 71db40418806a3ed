import type { Page } from '@parapet/contracts/portal/common';
import { listJobEventsInputSchema } from '@parapet/contracts/portal/jobs';
import { jobEvents } from '@parapet/db/schema';
import { and, desc, eq, lt } from 'drizzle-orm';
import { z } from 'zod';
import { requireJob } from '../../jobs/job-view.ts';
import { defineVerb } from '../../verb.ts';

export type JobEvent = typeof jobEvents.$inferSelect;

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
      const items = rows.slice(0, limit);
      return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
    }),
);
