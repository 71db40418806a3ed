import { idPrefixes } from '@parapet/contracts/ids';
import type { StepMetrics } from '@parapet/contracts/recipe';
import { jobMetrics } from '@parapet/db/schema';
import type { Tx } from '@parapet/db/tenant';
import { asc, eq } from 'drizzle-orm';

/** The whole curve of a job, step by step. */
export async function selectMetrics(tx: Tx, jobId: string): Promise<StepMetrics[]> {
  const rows = await tx
    .select({ metrics: jobMetrics.metrics })
    .from(jobMetrics)
    .where(eq(jobMetrics.jobId, jobId))
    .orderBy(asc(jobMetrics.step));
  return rows.map(({ metrics }) => metrics);
}

/** The result file in OpenAI's columns; what was not measured at a step is empty. */
export function metricsCsv(metrics: readonly StepMetrics[]): string {
  const lines = metrics.map((line) =>
    [line.step, line.trainLoss, line.trainTokenAccuracy, line.validLoss ?? '', line.validTokenAccuracy ?? ''].join(','),
  );
  return `${['step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy', ...lines].join('\n')}\n`;
}

/** The id of a job's result file: the job's own, as a file. Its content is made from the metrics when it is read. */
export const resultFileId = (jobId: string): string =>
  idPrefixes.dataset + jobId.slice(idPrefixes.fineTuningJob.length);

/** The job whose result file this id would be. */
export const jobOfResultFile = (fileId: string): string =>
  idPrefixes.fineTuningJob + fileId.slice(idPrefixes.dataset.length);
