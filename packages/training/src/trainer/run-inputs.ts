import { createHash } from 'node:crypto';
import { freemem } from 'node:os';
import { ParapetError } from '@parapet/contracts/errors';
import type { Recipe } from '@parapet/contracts/recipe';
import type { BaseModel } from '@parapet/models/open';
import { decodeAdapter } from '@parapet/para/adapter-file';
import { fitCardMemory } from '../cuda/card-memory.ts';
import { paddedColumns } from '../dataset/batches.ts';
import type { TrainingSequence } from '../dataset/encode-rows.ts';
import { flatten } from '../graph/flat-parameters.ts';
import { fitMemory } from './memory-estimate.ts';
import type { TrainOptions } from './train.ts';
import type { Trainer } from './trainer.ts';

/** Micro-batch and recomputation that fit what is free. */
export function chooseMemory(
  { recipe, model, memoryBudget, accelerator, operators }: TrainOptions,
  sequences: readonly TrainingSequence[],
) {
  const tokens = paddedColumns(Math.max(...sequences.map((sequence) => sequence.tokens.length)));
  const targets = Math.max(...sequences.map((sequence) => sequence.tokens.length - sequence.promptTokens));
  const longest = { tokens, targets };
  if (accelerator !== undefined) {
    return fitCardMemory(model.spec, recipe.adapter, longest, memoryBudget ?? 0.7 * accelerator.freeMemoryBytes());
  }
  return fitMemory(model.spec, recipe.adapter, longest, memoryBudget ?? 0.7 * freemem(), !!operators);
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
  trainer: Trainer,
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
