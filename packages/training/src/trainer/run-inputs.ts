import { createHash } from 'node:crypto';
import { freemem } from 'node:os';
import { ParapetError } from '@parapet/contracts/errors';
import type { Recipe } from '@parapet/contracts/recipe';
import type { BaseModel } from '@parapet/models/open';
import { decodeAdapter } from '@parapet/para/adapter-file';
import { paddedColumns } from '../dataset/batches.ts';
import type { TrainingSequence } from '../dataset/encode-rows.ts';
import { flatten } from '../graph/flat-parameters.ts';
import { fitMemory } from './memory-estimate.ts';
import type { ModelTrainer } from './model-trainer.ts';
import type { TrainOptions } from './train.ts';

/** Micro-batch and recomputation that fit what is free. */
export function chooseMemory({ recipe, model, memoryBudget }: TrainOptions, sequences: readonly TrainingSequence[]) {
  const tokens = paddedColumns(Math.max(...sequences.map((sequence) => sequence.tokens.length)));
  const targets = Math.max(...sequences.map((sequence) => sequence.tokens.length - sequence.promptTokens));
  return fitMemory(model.spec, recipe.adapter, { tokens, targets }, memoryBudget ?? 0.7 * freemem());
}

/** What a state may be resumed with: the recipe, the base model, and every token in order. */
export function runDigestOf(
  recipe: Recipe,
  baseDigest: string,
  data: { train: readonly TrainingSequence[]; valid: readonly TrainingSequence[] },
): string {
  const hash = createHash('sha256').update(JSON.stringify({ recipe, baseDigest }));
  for (const { tokens, promptTokens } of [...data.train, ...data.valid]) {
    hash.update(Int32Array.of(tokens.length, promptTokens)).update(tokens);
  }
  return hash.digest('hex');
}

/** θ of the adapter that the recipe starts from. */
export function warmStartNumbers(
  recipe: Recipe,
  file: Uint8Array | null | undefined,
  model: BaseModel,
  trainer: ModelTrainer,
): Float32Array {
  if (!file) throw new Error('The recipe starts from an adapter: its file must be given.');
  const { manifest, tensors } = decodeAdapter(file, model);
  if (JSON.stringify(manifest.config) !== JSON.stringify(recipe.adapter)) {
    throw new ParapetError(
      'unprocessable',
      'The adapter to start from has another method, rank or pooler than the recipe. Use its own settings, or start anew.',
    );
  }
  return flatten(tensors, trainer.layout);
}
