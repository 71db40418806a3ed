import type { StepMetrics } from '@parapet/contracts/recipe';

/** A curve of at most about `maxPoints`: evenly thinned, with the first, the last and every validated step kept. */
export function thin(metrics: readonly StepMetrics[], maxPoints: number): StepMetrics[] {
  if (metrics.length <= maxPoints) return [...metrics];
  const stride = metrics.length / maxPoints;
  let next = 0;
  return metrics.filter((line, index) => {
    const kept = index >= next || index === metrics.length - 1 || line.validLoss !== null;
    if (index >= next) next += stride;
    return kept;
  });
}
