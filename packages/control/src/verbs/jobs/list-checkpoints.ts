import type { Page } from '@parapet/contracts/portal/common';
import { listJobEventsInputSchema } from '@parapet/contracts/portal/jobs';
import { checkpoints } from '@parapet/db/schema';
import { and, desc, eq, isNotNull, lt, sql } from 'drizzle-orm';
import { requireJob } from '../../jobs/job-view.ts';
import { defineVerb } from '../../verb.ts';

export type Checkpoint = typeof checkpoints.$inferSelect;

/** A job's callable checkpoints, the last step first; the cursor is the last checkpoint's id. */
export const listCheckpoints = defineVerb(
  'jobs.checkpoints',
  listJobEventsInputSchema,
  ({ read, tenancy }, { jobId, cursor, limit }): Promise<Page<Checkpoint>> =>
    read(async (tx) => {
      await requireJob(tx, tenancy.id, jobId);
      const after = sql`(select ${checkpoints.step} from ${checkpoints} where ${checkpoints.id} = ${cursor})`;
      const rows = await tx
        .select()
        .from(checkpoints)
        .where(
          and(
            eq(checkpoints.jobId, jobId),
            isNotNull(checkpoints.modelName),
            cursor === undefined ? undefined : lt(checkpoints.step, after),
          ),
        )
        .orderBy(desc(checkpoints.step))
        .limit(limit + 1);
      const items = rows.slice(0, limit);
      return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
    }),
);
