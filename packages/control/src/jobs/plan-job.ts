import { resolveModel } from '@parapet/adapter-store/catalogue';
import { resolveRecipe } from '@parapet/contracts/auto-recipe';
import { ParapetError } from '@parapet/contracts/errors';
import type { CreateFineTuningJob } from '@parapet/contracts/openai-fine-tuning';
import type { Recipe } from '@parapet/contracts/recipe';
import { baseModels } from '@parapet/db/schema';
import type { TenantTx } from '@parapet/db/tenant';
import { eq } from 'drizzle-orm';
import { type DatasetRow, requireDataset } from '../datasets/dataset-view.ts';

/** A job's request with everything looked up and every choice made. */
export interface PlannedJob {
  base: { name: string; digest: string };
  training: DatasetRow;
  validation: DatasetRow | null;
  recipe: Recipe;
  totalSteps: number;
}

/** Optimiser steps of a recipe over so many rows. */
export const stepsOf = (recipe: Recipe, rows: number): number =>
  recipe.maxSteps ?? Math.max(1, Math.ceil((rows * recipe.epochs) / recipe.batchSize));

/**
 * Looks up model and files and resolves every `auto`. The model may be a base model, or one of the organisation's
 * fine-tuned ones to go on from.
 * @throws ParapetError `model_not_found`, `not_found`, `invalid_training_file`, `engine_unavailable`.
 */
export async function planJob(tx: TenantTx, request: CreateFineTuningJob, seed: number): Promise<PlannedJob> {
  const { base, warmStartDigest } = await findBase(tx, request);
  const training = await usableFile(tx, request.training_file, 'training_file');
  const validation = request.validation_file ? await usableFile(tx, request.validation_file, 'validation_file') : null;
  const recipe = resolveRecipe({
    rows: training.rows,
    longestRowTokens: Math.max(training.tokens?.longestRow ?? 0, validation?.tokens?.longestRow ?? 0) || null,
    hyperparameters: request.method?.supervised?.hyperparameters ?? request.hyperparameters,
    parapet: request.parapet,
    seed,
    warmStartDigest,
  });
  return { base, training, validation, recipe, totalSteps: stepsOf(recipe, training.rows) };
}

async function findBase(
  tx: TenantTx,
  request: CreateFineTuningJob,
): Promise<{ base: { name: string; digest: string }; warmStartDigest: string | null }> {
  const start = request.parapet?.warm_start_from ?? (request.model.startsWith('ft:') ? request.model : null);
  const adapter = start === null ? null : await resolveModel(tx, tx.tenantId, start);
  if (start !== null && adapter === null) {
    const param = start === request.model ? 'model' : 'parapet.warm_start_from';
    throw new ParapetError('model_not_found', `The model '${start}' does not exist or is not yours.`, { param });
  }
  const name = request.model.startsWith('ft:') ? (adapter?.baseModel ?? '') : request.model;
  const [base] = await tx.select().from(baseModels).where(eq(baseModels.name, name));
  if (!base || base.state === 'retired') {
    const message = `The model '${request.model}' does not exist or can't be fine-tuned.`;
    throw new ParapetError('model_not_found', message, { param: 'model' });
  }
  if (base.digest === null) {
    throw new ParapetError('engine_unavailable', `No worker has loaded '${name}' yet: try again in a moment.`);
  }
  if (adapter && adapter.baseDigest !== base.digest) {
    const message = `'${start}' was trained on another version of '${name}': it can't be gone on from.`;
    throw new ParapetError('base_model_mismatch', message, { param: 'model' });
  }
  return { base: { name, digest: base.digest }, warmStartDigest: adapter?.digest ?? null };
}

async function usableFile(tx: TenantTx, id: string, param: string): Promise<DatasetRow> {
  const row = await requireDataset(tx, id, param);
  if (row.status === 'invalid') {
    throw new ParapetError('invalid_training_file', row.statusDetails ?? 'This file is not usable.', {
      param,
      subcode: row.problems[0]?.code,
    });
  }
  return row;
}
