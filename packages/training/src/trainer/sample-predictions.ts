import type { Recipe, SamplePrediction } from '@parapet/contracts/recipe';
import type { BaseModel } from '@parapet/models/open';
import { initAdapter } from '@parapet/para/init';
import type { MicroBatchLimits } from '../dataset/batches.ts';
import type { TrainingSequence } from '../dataset/encode-rows.ts';
import { flatten } from '../graph/flat-parameters.ts';
import { greedy } from './greedy.ts';
import type { Trainer } from './trainer.ts';

const samples = 5;
const mostTokens = 24;

/** Held-out rows (training rows where nothing is held out) answered greedily by the base model and by the adapter. */
export async function* samplePredictions(
  trainer: Trainer,
  data: { train: readonly TrainingSequence[]; valid: readonly TrainingSequence[] },
  { tokenizer, spec }: Pick<BaseModel, 'tokenizer' | 'spec'>,
  limits: MicroBatchLimits,
  theta: Float32Array,
  recipe: Recipe,
): AsyncGenerator<Omit<SamplePrediction, 'step'>> {
  const chosen = (data.valid.length > 0 ? data.valid : data.train)
    .filter(({ tokens }) => tokens.length + mostTokens <= spec.context)
    .slice(0, samples);
  const prompts = chosen.map(({ tokens, promptTokens }) => tokens.slice(0, promptTokens));
  const options = { eosId: tokenizer.eosId, maxTokens: mostTokens, limits };
  const untrained = flatten(initAdapter(recipe.adapter, spec, recipe.seed), trainer.layout);
  const base = await greedy(trainer, prompts, { ...options, theta: untrained });
  const adapted = await greedy(trainer, prompts, { ...options, theta });
  for (const [i, { tokens, promptTokens }] of chosen.entries()) {
    yield {
      prompt: tokenizer.decode(prompts[i]!),
      expected: tokenizer.decode(tokens.slice(promptTokens)).trim(),
      base: tokenizer.decode(base[i]!).trim(),
      adapted: tokenizer.decode(adapted[i]!).trim(),
    };
  }
}
