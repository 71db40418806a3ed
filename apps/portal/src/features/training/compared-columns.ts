import type { ComparedJob } from '@parapet/contracts/portal/jobs';

/** Curves of several jobs on one axis of steps, as uPlot takes them: null where a job has no value at a step. */
export function comparedColumns(
  jobs: readonly Pick<ComparedJob, 'metrics'>[],
  which: 'trainLoss' | 'validLoss',
): [number[], ...(number | null)[][]] {
  const steps = [...new Set(jobs.flatMap((job) => job.metrics.map((point) => point.step)))].sort((a, b) => a - b);
  const columns = jobs.map(({ metrics }) => {
    const byStep = new Map(metrics.map((point) => [point.step, point[which]]));
    return steps.map((step) => byStep.get(step) ?? null);
  });
  return [steps, ...columns];
}
