import type { Page } from '@parapet/contracts/portal/common';
import { type CheckpointView, listJobEventsInputSchema } from '@parapet/contracts/portal/jobs';
import type { StepMetrics } from '@parapet/contracts/recipe';
import { checkpoints } from '@parapet/db/schema';
import { and, desc, eq, isNotNull, lt, sql } from 'drizzle-orm';
import { checkpointView } from '../../jobs/checkpoint-view.ts';
import { requireJob } from '../../jobs/job-view.ts';
import { defineVerb } from '../../verb.ts';

/** CheckpointView with all its metrics. */
export interface Checkpoint extends CheckpointView {
  jobId: string;
  metrics: StepMetrics | null;
}

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
      const items = rows.slice(0, limit).map((row) => ({ ...checkpointView(row), jobId, metrics: row.metrics }));
      return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
    }),
);
