import { type JobEstimate, jobChoicesSchema } from '@parapet/contracts/portal/jobs';
import { fineTuningJobs, workers } from '@parapet/db/schema';
import { asPlatform } from '@parapet/db/tenant';
import { quotaLines } from '@parapet/metering/quota';
import { and, desc, eq, gt, isNotNull } from 'drizzle-orm';
import { type ControlServices, currencyOf } from '../../context.ts';
import { planJob } from '../../jobs/plan-job.ts';
import { requestOfChoices } from '../../jobs/request-of-choices.ts';
import { priceOf } from '../../models/price.ts';
import { defineVerb } from '../../verb.ts';

/** Jobs whose measured speed an estimate goes by. */
const recentJobs = 10;
/** A train worker that has not asked for this long is not there. */
const workerSilenceMs = 5 * 60_000;

/** What a job would take, before it is started: from its files' token counts and the speed that recent jobs had. */
export const estimateJob = defineVerb(
  'jobs.estimate',
  jobChoicesSchema,
  async ({ read, services, tenancy, now }, choices): Promise<JobEstimate> => {
    const { plan, price, lines } = await read(async (tx) => {
      const planned = await planJob(tx, await requestOfChoices(tx, choices), choices.seed ?? 0);
      const charged = await priceOf(tx, planned.base.name, tenancy.id, now);
      return { plan: planned, price: charged, lines: await quotaLines(tx, tenancy.id, now) };
    });
    const { training, recipe, totalSteps } = plan;
    const passes = Math.min(totalSteps * recipe.batchSize, training.rows * recipe.epochs) / Math.max(1, training.rows);
    const trainedTokens = Math.round(
      (training.tokens?.total ?? 0) * (recipe.maxSteps === null ? recipe.epochs : passes),
    );
    const measured = await measuredSpeed(services, plan.base.digest, now);
    const seconds =
      measured.tokensPerSecond === null || training.tokens === null ? null : trainedTokens / measured.tokensPerSecond;
    const gpuSeconds = seconds === null ? null : Math.ceil(seconds);
    const costMicros =
      gpuSeconds === null
        ? null
        : Math.round(
            gpuSeconds * (price?.trainingMicrosPerGpuSecond ?? 0) +
              (trainedTokens * (price?.trainedMicrosPerMillion ?? 0)) / 1e6,
          );
    const warnings: string[] = [];
    if (tenancy.suspended) warnings.push('The organisation is suspended: no job can be started.');
    if (!measured.workerThere) warnings.push('No training worker is there: the job would wait for one.');
    if (training.tokens === null)
      warnings.push('The file’s tokens are still being counted: there is no estimate of the time yet.');
    for (const { name, limit, used } of lines) {
      if (name === 'gpuSecondsPerMonth' && limit !== null && used + (gpuSeconds ?? 0) > limit) {
        warnings.push(
          `The month's GPU quota has ${Math.max(0, Math.floor(limit - used))} of ${limit} seconds left: the job would pause when they are used up.`,
        );
      }
      if (name === 'adapters' && limit !== null && used >= limit)
        warnings.push(`All ${limit} adapters of the plan are there already.`);
      if (name === 'concurrentJobs' && limit !== null && used >= limit)
        warnings.push(`${used} jobs run already: this one would wait.`);
    }
    return {
      recipe,
      steps: totalSteps,
      trainedTokens,
      seconds,
      memoryBytes: measured.memoryBytes,
      gpuSeconds,
      costMicros,
      currency: currencyOf(services),
      warnings,
    };
  },
);

/** Speed and memory of the fleet's last jobs on this base model, whoever's they were; nothing else of them is told. */
async function measuredSpeed(services: ControlServices, baseDigest: string, now: Date) {
  return asPlatform(services.database.db, async (tx) => {
    const rows = await tx
      .select({ metrics: fineTuningJobs.lastMetrics })
      .from(fineTuningJobs)
      .where(and(eq(fineTuningJobs.baseDigest, baseDigest), isNotNull(fineTuningJobs.lastMetrics)))
      .orderBy(desc(fineTuningJobs.id))
      .limit(recentJobs);
    const seen = rows.flatMap(({ metrics }) => (metrics ? [metrics] : []));
    const speeds = seen.map(({ tokensPerSecond }) => tokensPerSecond).sort((a, b) => a - b);
    const since = new Date(now.getTime() - workerSilenceMs);
    const [worker] = await tx
      .select({ id: workers.id })
      .from(workers)
      .where(and(eq(workers.kind, 'train'), gt(workers.heartbeatAt, since)))
      .limit(1);
    return {
      tokensPerSecond: speeds[Math.floor(speeds.length / 2)] ?? null,
      memoryBytes: seen.length === 0 ? null : Math.max(...seen.map(({ memoryBytes }) => memoryBytes)),
      workerThere: worker !== undefined,
    };
  });
}
