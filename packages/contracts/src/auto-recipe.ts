import type { z } from 'zod';
import { type AdapterConfig, adapterConfigSchema } from './adapter.ts';
import type { hyperparametersSchema, parapetFineTuningSchema } from './openai-fine-tuning.ts';
import { type Recipe, recipeSchema } from './recipe.ts';

export interface RecipeRequest {
  /** Of the training file. */
  rows: number;
  /** Of its longest row, prompt and completion; null = not counted yet. */
  longestRowTokens?: number | null;
  hyperparameters?: z.infer<typeof hyperparametersSchema> | null;
  parapet?: z.infer<typeof parapetFineTuningSchema> | null;
  seed?: number | null;
  warmStartDigest?: string | null;
}

/** The learning rate that `learning_rate_multiplier: 1` and "auto" mean, by method (docs/quality.md has the sweep). */
export const baseLearningRate = { para: 5e-3, lora: 3e-3, ia3: 2e-2 } as const satisfies Record<
  AdapterConfig['method'],
  number
>;

/** "auto" by the number of rows: the first line whose `below` is larger. */
export const autoTable = [
  { below: 100, epochs: 8, batchSize: 8 },
  { below: 400, epochs: 4, batchSize: 16 },
  { below: 1_500, epochs: 2, batchSize: 16 },
  { below: 20_000, epochs: 3, batchSize: 16 },
  { below: 100_000, epochs: 2, batchSize: 32 },
  { below: Number.POSITIVE_INFINITY, epochs: 1, batchSize: 32 },
] as const;

/**
 * A recipe with every choice made: what the request names, and "auto" from `autoTable` for the rest. Pure: the
 * same request gives the same recipe (a seed that was not given is 0).
 */
export function resolveRecipe(request: RecipeRequest): Recipe {
  const auto = autoTable.find(({ below }) => request.rows < below)!;
  const hyper = request.hyperparameters ?? {};
  const own = request.parapet ?? {};
  const adapter = adapterOf(own);
  const chosen = <T>(given: T | 'auto' | undefined, fallback: T): T =>
    given === undefined || given === 'auto' ? fallback : given;
  const rate = baseLearningRate[adapter.method];
  return recipeSchema.parse({
    adapter,
    epochs: chosen(hyper.n_epochs, auto.epochs),
    maxSteps: own.max_steps ?? null,
    batchSize: chosen(hyper.batch_size, Math.min(auto.batchSize, Math.max(1, request.rows))),
    learningRate: Math.min(1, Number((rate * chosen(hyper.learning_rate_multiplier, 1)).toPrecision(6))),
    maxSequenceTokens: Math.min(8192, Math.max(1024, request.longestRowTokens ?? 0)),
    earlyStoppingPatience: own.early_stopping_patience ?? null,
    seed: request.seed ?? 0,
    warmStartDigest: request.warmStartDigest ?? null,
  });
}

function adapterOf({
  method = 'para',
  targets,
  bias,
  rank,
  pooler,
  activation,
}: NonNullable<RecipeRequest['parapet']>) {
  if (method === 'ia3') return adapterConfigSchema.parse({ method });
  if (method === 'lora') return adapterConfigSchema.parse({ method, rank });
  return adapterConfigSchema.parse({ method, targets, bias, rank, pooler, activation });
}
