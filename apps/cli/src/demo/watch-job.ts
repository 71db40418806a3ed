import { setTimeout as sleep } from 'node:timers/promises';
import type OpenAI from 'openai';
import { z } from 'zod';
import { formatDuration, type ProgressLine } from '../terminal.ts';

/** The `data` of a `metrics` event, as far as the demo shows it. */
const metricsSchema = z.object({
  step: z.number(),
  total_steps: z.number(),
  train_loss: z.number(),
  tokens_per_second: z.number(),
  eta_seconds: z.number(),
});

/** Follows a fine-tuning job to its end by the public API; throws with the job's own error when it fails. */
export async function watchJob(client: OpenAI, jobId: string, progress: ProgressLine) {
  for (;;) {
    const job = await client.fineTuning.jobs.retrieve(jobId);
    const newest = await client.fineTuning.jobs.listEvents(jobId, { limit: 20 });
    const metrics = newest.data
      .filter((event) => event.type === 'metrics')
      .map((event) => metricsSchema.safeParse(event.data))
      .find((parsed) => parsed.success)?.data;
    if (metrics && job.status === 'running') {
      progress.update(
        `step ${metrics.step}/${metrics.total_steps}  loss ${metrics.train_loss.toFixed(3)}  ` +
          `${Math.round(metrics.tokens_per_second)} tokens/s  ${formatDuration(metrics.eta_seconds)} left`,
      );
    } else {
      progress.update(`job is ${job.status}`);
    }
    if (job.status === 'succeeded') {
      return { job, tokensPerSecond: await meanSpeed(client, jobId) };
    }
    if (job.status === 'failed' || job.status === 'cancelled') {
      throw new Error(`the fine-tuning job ${jobId} ${job.status}: ${job.error?.message ?? 'no reason was given'}.`);
    }
    await sleep(1000);
  }
}

/** Mean training speed over all steps, from the job's own events. */
async function meanSpeed(client: OpenAI, jobId: string): Promise<number> {
  const speeds: number[] = [];
  for await (const event of client.fineTuning.jobs.listEvents(jobId, { limit: 100 })) {
    const parsed = event.type === 'metrics' ? metricsSchema.safeParse(event.data) : null;
    if (parsed?.success) speeds.push(parsed.data.tokens_per_second);
  }
  return speeds.length === 0 ? Number.NaN : speeds.reduce((sum, speed) => sum + speed, 0) / speeds.length;
}
