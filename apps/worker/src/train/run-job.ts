import { createReadStream } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ParapetError } from '@parapet/contracts/errors';
import type { FinishReport, TrainingLease } from '@parapet/contracts/train-worker';
import { type TrainingRow, trainingRowSchema } from '@parapet/contracts/training-row';
import type { BaseModel } from '@parapet/models/open';
import { findOperators } from '@parapet/training/kernels';
import { type TrainingOutcome, train, type WrittenCheckpoint } from '@parapet/training/train';
import type { Logger } from 'pino';
import { DeviceClock } from './device-clock.ts';
import { type GatewayClient, StaleLeaseError } from './gateway-client.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import type { TrainingDevice } from './open-training-device.ts';
import { ProgressReporter } from './progress-reporter.ts';

export type JobRunner = {
  client: GatewayClient;
  model: BaseModel;
  /** Folder with room for a job's files; each job gets one of its own and leaves nothing. */
  dataDir: string;
  /** What it runs on. */
  training: TrainingDevice;
  log: Logger;
  /** Aborted when the worker is told to stop: the job is left to its lease, the next worker resumes it. */
  stop: AbortSignal;
};

/**
 * Carries out one leased job from its files to its report. Whatever happens, the gateway hears one outcome, or (a
 * stale lease, a stopped worker) nothing at all and another worker goes on from the last checkpoint.
 */
export async function runJob(lease: TrainingLease, runner: JobRunner): Promise<void> {
  const { client, log } = runner;
  const workDir = join(runner.dataDir, 'training', lease.jobId);
  await rm(workDir, { recursive: true, force: true });
  await mkdir(workDir, { recursive: true });
  const clock = new DeviceClock();
  const keeper = new LeaseKeeper(client, lease, clock, runner.stop);
  const reporter = new ProgressReporter(client, lease.jobId, lease.fencingToken, (error) => keeper.lose(error));
  try {
    const outcome = await outcomeOf(lease, runner, workDir, keeper, reporter, clock);
    if (outcome === null) return;
    await reporter.flush();
    await client.finish(lease.jobId, {
      fencingToken: lease.fencingToken,
      deviceMicros: clock.micros,
      outcome,
    });
    log.info({ jobId: lease.jobId, status: outcome.status }, 'job ended');
  } catch (error) {
    if (!(error instanceof StaleLeaseError)) throw error;
    log.warn({ jobId: lease.jobId }, 'the lease is another worker’s now: job dropped');
  } finally {
    reporter.stop();
    keeper.stop();
    await rm(workDir, { recursive: true, force: true });
  }
}

/** null = say nothing: the lease is lost or the worker stops. */
async function outcomeOf(
  lease: TrainingLease,
  runner: JobRunner,
  workDir: string,
  keeper: LeaseKeeper,
  reporter: ProgressReporter,
  clock: DeviceClock,
): Promise<FinishReport['outcome'] | null> {
  try {
    const inputs = await fetchInputs(lease, runner.client, workDir, keeper.signal);
    const result = await train({
      recipe: lease.recipe,
      model: runner.model,
      baseModel: lease.baseModel,
      trainRows: readRows(inputs.train),
      validRows: inputs.valid === null ? [] : readRows(inputs.valid),
      workDir,
      weightsFolder: join(runner.dataDir, 'models'),
      resumeFrom: inputs.state,
      warmStart: inputs.warmStart,
      signal: keeper.signal,
      shouldPause: () => keeper.pauseWanted,
      accelerator: runner.training.accelerator,
      operators: ownOperators(runner, reporter),
      session: runner.training.session,
      // One at the end of every epoch, as API clients expect, beside those by the clock.
      checkpointSteps: Math.ceil((await countRows(inputs.train)) / lease.recipe.batchSize),
      onMetrics: (metrics) => {
        clock.lap();
        keeper.step = metrics.step;
        reporter.metric(metrics);
      },
      onMessage: (level, message) => reporter.message(level, message),
      onSample: (sample) => reporter.sample(sample),
      onCheckpoint: (checkpoint) => uploadCheckpoint(lease, runner.client, checkpoint),
    });
    clock.lap();
    return await reportOf(result, runner.client);
  } catch (error) {
    if (keeper.cancelWanted) return { status: 'cancelled' };
    if (keeper.signal.aborted || error instanceof StaleLeaseError) return null;
    return failureOf(error, runner.log);
  }
}

/** Our own operators on a CPU that has what they need; else the job is told once why it is slower. */
function ownOperators({ training, dataDir }: JobRunner, reporter: ProgressReporter) {
  if (training.kind !== 'cpu') return null;
  const found = findOperators(join(dataDir, 'kernels'));
  if (found.operators === null) {
    reporter.message('info', `Products by ONNX Runtime's operators; our own would be faster, but ${found.reason}.`);
  }
  return found.operators;
}

async function fetchInputs(lease: TrainingLease, client: GatewayClient, workDir: string, signal: AbortSignal) {
  const fetched = async (digest: string | null | undefined, name: string) => {
    if (digest === null || digest === undefined) return null;
    const path = join(workDir, name);
    await client.download(digest, path, signal);
    return path;
  };
  const train = join(workDir, 'train.jsonl');
  await client.download(lease.trainFile, train, signal);
  const warmStart = await fetched(lease.recipe.warmStartDigest, 'warm-start.safetensors');
  return {
    train,
    valid: await fetched(lease.validFile, 'valid.jsonl'),
    state: await fetched(lease.resumeFrom?.stateDigest, 'resume.state'),
    warmStart: warmStart === null ? null : await readFile(warmStart),
  };
}

/** Rows of a stored dataset: normalised JSONL, validated when it was uploaded. */
async function* readRows(path: string): AsyncGenerator<TrainingRow> {
  for await (const line of createInterface({
    input: createReadStream(path, 'utf8'),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    if (line.trim() !== '') yield trainingRowSchema.parse(JSON.parse(line));
  }
}

async function countRows(path: string): Promise<number> {
  let rows = 0;
  for await (const _row of readRows(path)) rows++;
  return rows;
}

async function uploadCheckpoint(
  lease: TrainingLease,
  client: GatewayClient,
  checkpoint: WrittenCheckpoint,
): Promise<void> {
  const stateDigest = await client.upload(checkpoint.statePath);
  const adapterDigest = await client.upload(checkpoint.adapterPath);
  const { step, metrics } = checkpoint;
  await client.checkpoint(lease.jobId, { fencingToken: lease.fencingToken, step, stateDigest, adapterDigest, metrics });
}

async function reportOf(result: TrainingOutcome, client: GatewayClient): Promise<FinishReport['outcome']> {
  if (result.status === 'cancelled') return { status: 'cancelled' };
  if (result.status === 'paused') return { status: 'paused' };
  const adapterDigest = await client.upload(result.adapterPath);
  const { steps, trainedTokens, finalMetrics, bestStep, stoppedEarly } = result;
  return { status: 'succeeded', adapterDigest, steps, trainedTokens, finalMetrics, bestStep, stoppedEarly };
}

/** What a customer may read of a failure: their own mistakes in full, ours by name only. */
function failureOf(error: unknown, log: Logger): FinishReport['outcome'] {
  if (error instanceof ParapetError) {
    const { code, message, details } = error;
    return { status: 'failed', error: { code: details.subcode ?? code, message, param: details.param ?? null } };
  }
  log.error({ err: error }, 'training failed');
  return {
    status: 'failed',
    error: {
      code: 'internal_error',
      message:
        'Training failed on the platform’s side. Start the job again; if it fails again, tell your administrator.',
      param: null,
    },
  };
}
