import { type ModelTaskResult, modelTaskProgressSchema, modelTaskResultSchema } from '@parapet/contracts/model-task';
import type { ModelTaskView } from '@parapet/contracts/portal/admin';
import { modelTasks } from '@parapet/db/schema';
import type { Tx } from '@parapet/db/tenant';
import { desc, eq } from 'drizzle-orm';

export type ModelTaskRow = typeof modelTasks.$inferSelect;

const progressSchema = modelTaskProgressSchema.pick({ step: true, done: true });

/** What a task found; null while it has not. */
export const resultOf = (row: ModelTaskRow): ModelTaskResult | null =>
  row.result === null ? null : modelTaskResultSchema.parse(row.result);

export function modelTaskView(row: ModelTaskRow): ModelTaskView {
  const progress = row.progress === null ? null : progressSchema.parse(row.progress);
  return {
    id: row.id,
    kind: row.kind,
    weights: row.weights,
    status: row.status,
    step: progress?.step ?? null,
    done: progress?.done ?? 0,
    result: resultOf(row),
    error: row.error,
    worker: row.leaseOwner,
    createdAt: row.createdAt.getTime(),
    finishedAt: row.finishedAt?.getTime() ?? null,
  };
}

/** A model's tasks, newest first; there are never many (`keptTasks`). */
export const tasksOf = (tx: Tx, baseModelId: string): Promise<ModelTaskRow[]> =>
  tx
    .select()
    .from(modelTasks)
    .where(eq(modelTasks.baseModelId, baseModelId))
    .orderBy(desc(modelTasks.createdAt), desc(modelTasks.id));

/** The open task, and of what ended the last verification and the last quantisation of each kind. */
export function summariseTasks(rows: readonly ModelTaskRow[]): {
  task: ModelTaskView | null;
  verification: ModelTaskView | null;
  quantisations: ModelTaskView[];
} {
  const open = rows.find(({ status }) => status === 'queued' || status === 'running');
  const ended = rows.filter(({ status }) => status === 'succeeded' || status === 'failed');
  const verified = ended.find(({ kind }) => kind === 'verify');
  const quantised = (['int8', 'q4'] as const).map((weights) => ended.find((row) => row.weights === weights));
  return {
    task: open === undefined ? null : modelTaskView(open),
    verification: verified === undefined ? null : modelTaskView(verified),
    quantisations: quantised.filter((row) => row !== undefined).map(modelTaskView),
  };
}
