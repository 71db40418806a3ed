import type { StepMetrics } from '@parapet/contracts/recipe';
import { jobEvents } from '@parapet/db/schema';
import type { Tx } from '@parapet/db/tenant';
import { nextEventId } from './event-id.ts';

type Level = 'info' | 'warn' | 'error';

/** A line in a job's events, in the transaction of what it tells. */
export async function addJobEvent(
  tx: Tx,
  job: { id: string; orgId: string },
  level: Level,
  message: string,
  now: Date,
): Promise<void> {
  await tx.insert(jobEvents).values({
    id: nextEventId(now),
    jobId: job.id,
    orgId: job.orgId,
    level,
    type: 'message',
    message,
    createdAt: now,
  });
}

/** A step's metrics as the event that API clients read. */
export const metricsEvent = (job: { id: string; orgId: string }, metrics: StepMetrics, now: Date) => ({
  id: nextEventId(now),
  jobId: job.id,
  orgId: job.orgId,
  level: 'info' as const,
  type: 'metrics' as const,
  message:
    `Step ${metrics.step}/${metrics.totalSteps}: training loss=${metrics.trainLoss.toFixed(4)}` +
    (metrics.validLoss === null ? '' : `, validation loss=${metrics.validLoss.toFixed(4)}`),
  data: {
    step: metrics.step,
    total_steps: metrics.totalSteps,
    epoch: metrics.epoch,
    train_loss: metrics.trainLoss,
    train_mean_token_accuracy: metrics.trainTokenAccuracy,
    valid_loss: metrics.validLoss,
    valid_mean_token_accuracy: metrics.validTokenAccuracy,
    learning_rate: metrics.learningRate,
    tokens_per_second: metrics.tokensPerSecond,
    trained_tokens: metrics.trainedTokens,
    eta_seconds: metrics.etaSeconds,
    memory_bytes: metrics.memoryBytes,
  },
  createdAt: now,
});
