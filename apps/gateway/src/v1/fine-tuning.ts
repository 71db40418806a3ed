import { baseLearningRate } from '@parapet/contracts/auto-recipe';
import { pageSchema, toPage, unixSeconds } from '@parapet/contracts/openai-common';
import {
  createFineTuningJobSchema,
  type FineTuningCheckpoint,
  type FineTuningEvent,
  type FineTuningJobObject,
  fineTuningCheckpointSchema,
  fineTuningEventSchema,
  fineTuningJobSchema,
  jobListQuerySchema,
} from '@parapet/contracts/openai-fine-tuning';
import type { JobDetail } from '@parapet/contracts/portal/jobs';
import type { ControlContext } from '@parapet/control/context';
import { resultFileId } from '@parapet/control/result-file';
import { cancelJob } from '@parapet/control/verbs/jobs/cancel-job';
import { createJob } from '@parapet/control/verbs/jobs/create-job';
import { getJob } from '@parapet/control/verbs/jobs/get-job';
import { type Checkpoint, listCheckpoints } from '@parapet/control/verbs/jobs/list-checkpoints';
import { type JobEvent, listEvents } from '@parapet/control/verbs/jobs/list-events';
import { listJobs } from '@parapet/control/verbs/jobs/list-jobs';
import { pauseJob } from '@parapet/control/verbs/jobs/pause-job';
import { resumeJob } from '@parapet/control/verbs/jobs/resume-job';
import { endpoint } from '../http/endpoint.ts';
import { organisationOf, pageAfter } from './paging.ts';

const ended = ['succeeded', 'failed', 'cancelled'];

/** A job as OpenAI's clients read it. */
function toJobObject(job: JobDetail, context: ControlContext): FineTuningJobObject {
  const { recipe } = job;
  const rate = recipe.learningRate / baseLearningRate[recipe.adapter.method];
  const hyperparameters = {
    n_epochs: recipe.epochs,
    batch_size: recipe.batchSize,
    learning_rate_multiplier: Number(rate.toPrecision(6)),
  };
  return {
    id: job.id,
    object: 'fine_tuning.job',
    created_at: unixSeconds(job.createdAt),
    finished_at: job.finishedAt === null ? null : unixSeconds(job.finishedAt),
    estimated_finish: job.etaSeconds === null ? null : unixSeconds(Date.now() + job.etaSeconds * 1000),
    model: job.baseModel,
    fine_tuned_model: job.fineTunedModel,
    organization_id: organisationOf(context),
    status: job.status,
    training_file: job.trainingFile.id,
    validation_file: job.validationFile?.id ?? null,
    result_files: job.status === 'succeeded' ? [resultFileId(job.id)] : [],
    trained_tokens: ended.includes(job.status) ? job.trainedTokens : null,
    seed: job.seed,
    hyperparameters,
    method: { type: 'supervised', supervised: { hyperparameters } },
    error: job.error,
    integrations: [],
    metadata: job.metadata,
    suffix: job.suffix,
  };
}

const toEvent = (event: JobEvent): FineTuningEvent => ({
  id: event.id,
  object: 'fine_tuning.job.event',
  created_at: unixSeconds(event.createdAt),
  level: event.level,
  message: event.message,
  type: event.type,
  data: event.data ?? {},
});

const toCheckpoint = (checkpoint: Checkpoint): FineTuningCheckpoint => {
  const { metrics } = checkpoint;
  return {
    id: checkpoint.id,
    object: 'fine_tuning.job.checkpoint',
    created_at: unixSeconds(checkpoint.createdAt),
    fine_tuned_model_checkpoint: checkpoint.model ?? '',
    fine_tuning_job_id: checkpoint.jobId,
    step_number: checkpoint.step,
    metrics: {
      step: checkpoint.step,
      ...(metrics && {
        train_loss: metrics.trainLoss,
        train_mean_token_accuracy: metrics.trainTokenAccuracy,
        // A validation runs over the whole validation file.
        ...(metrics.validLoss !== null && { valid_loss: metrics.validLoss, full_valid_loss: metrics.validLoss }),
        ...(metrics.validTokenAccuracy !== null && {
          valid_mean_token_accuracy: metrics.validTokenAccuracy,
          full_valid_mean_token_accuracy: metrics.validTokenAccuracy,
        }),
      }),
    },
  };
};

export const createFineTuningJob = endpoint({
  method: 'POST',
  path: '/v1/fine_tuning/jobs',
  operationId: 'createFineTuningJob',
  summary: 'Train an adapter on a file.',
  rule: 'jobs.create',
  body: createFineTuningJobSchema,
  answer: fineTuningJobSchema,
  handle: async ({ context, body }) => toJobObject(await createJob(context, body), context),
});

export const listFineTuningJobs = endpoint({
  method: 'GET',
  path: '/v1/fine_tuning/jobs',
  operationId: 'listFineTuningJobs',
  summary: 'List jobs, newest first.',
  rule: 'jobs.list',
  query: jobListQuerySchema,
  answer: pageSchema(fineTuningJobSchema),
  async handle({ context, query }) {
    const { items, hasMore } = await pageAfter((page) => listJobs(context, { ...page, sort: 'newest' }), {
      after: query.after,
      limit: query.limit ?? 20,
    });
    const details = await Promise.all(items.map((job) => getJob(context, { jobId: job.id })));
    return toPage(
      details.map((job) => toJobObject(job, context)),
      hasMore,
    );
  },
});

export const retrieveFineTuningJob = endpoint({
  method: 'GET',
  path: '/v1/fine_tuning/jobs/:id',
  operationId: 'retrieveFineTuningJob',
  summary: 'Describe a job.',
  rule: 'jobs.get',
  answer: fineTuningJobSchema,
  handle: async ({ context, params }) => toJobObject(await getJob(context, { jobId: params.id! }), context),
});

const steer = (verb: typeof cancelJob | typeof pauseJob | typeof resumeJob, action: 'cancel' | 'pause' | 'resume') =>
  endpoint({
    method: 'POST',
    path: `/v1/fine_tuning/jobs/:id/${action}`,
    operationId: `${action}FineTuningJob`,
    summary: `${action[0]!.toUpperCase()}${action.slice(1)} a job.`,
    rule: verb.verbName,
    answer: fineTuningJobSchema,
    async handle({ context, params }) {
      await verb(context, { jobId: params.id! });
      return toJobObject(await getJob(context, { jobId: params.id! }), context);
    },
  });

export const cancelFineTuningJob = steer(cancelJob, 'cancel');
export const pauseFineTuningJob = steer(pauseJob, 'pause');
export const resumeFineTuningJob = steer(resumeJob, 'resume');

export const listFineTuningEvents = endpoint({
  method: 'GET',
  path: '/v1/fine_tuning/jobs/:id/events',
  operationId: 'listFineTuningEvents',
  summary: "List a job's events, newest first.",
  rule: 'jobs.events',
  query: jobListQuerySchema,
  answer: pageSchema(fineTuningEventSchema),
  async handle({ context, params, query }) {
    const page = { jobId: params.id!, cursor: query.after, limit: query.limit ?? 20 };
    const { items, nextCursor } = await listEvents(context, page);
    return toPage(items.map(toEvent), nextCursor !== null);
  },
});

export const listFineTuningCheckpoints = endpoint({
  method: 'GET',
  path: '/v1/fine_tuning/jobs/:id/checkpoints',
  operationId: 'listFineTuningJobCheckpoints',
  summary: "List a job's checkpoints, the last step first; each is callable by its model name.",
  rule: 'jobs.checkpoints',
  query: jobListQuerySchema,
  answer: pageSchema(fineTuningCheckpointSchema),
  async handle({ context, params, query }) {
    const page = { jobId: params.id!, cursor: query.after, limit: query.limit ?? 10 };
    const { items, nextCursor } = await listCheckpoints(context, page);
    return toPage(items.map(toCheckpoint), nextCursor !== null);
  },
});
