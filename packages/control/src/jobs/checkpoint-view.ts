import type { CheckpointView } from '@parapet/contracts/portal/jobs';
import { checkpoints } from '@parapet/db/schema';
import type { Tx } from '@parapet/db/tenant';
import { desc, eq } from 'drizzle-orm';

export const checkpointView = (row: typeof checkpoints.$inferSelect): CheckpointView => ({
  id: row.id,
  step: row.step,
  model: row.modelName,
  trainLoss: row.metrics?.trainLoss ?? null,
  validLoss: row.metrics?.validLoss ?? null,
  createdAt: row.createdAt.getTime(),
});

/** A job's checkpoints, the last one first. */
export async function selectCheckpoints(tx: Tx, jobId: string, limit: number): Promise<CheckpointView[]> {
  const rows = await tx
    .select()
    .from(checkpoints)
    .where(eq(checkpoints.jobId, jobId))
    .orderBy(desc(checkpoints.step))
    .limit(limit);
  return rows.map(checkpointView);
}
