import { describe, expect, it } from 'vitest';
import { resolveRecipe } from './auto-recipe.ts';

describe('resolveRecipe', () => {
  it('chooses by the number of rows', () => {
    expect(resolveRecipe({ rows: 600 })).toMatchObject({ epochs: 2, batchSize: 16, learningRate: 5e-3, seed: 0 });
    expect(resolveRecipe({ rows: 5_000 })).toMatchObject({ epochs: 3, batchSize: 16, learningRate: 5e-3 });
    expect(resolveRecipe({ rows: 3 })).toMatchObject({ batchSize: 3 });
  });

  it('takes what is named, and "auto" as nothing named', () => {
    const recipe = resolveRecipe({
      rows: 600,
      hyperparameters: { n_epochs: 1, batch_size: 'auto', learning_rate_multiplier: 0.1 },
      parapet: { method: 'lora', rank: 4, max_steps: 7 },
      seed: 5,
    });
    expect(recipe).toMatchObject({ epochs: 1, batchSize: 16, learningRate: 3e-4, maxSteps: 7, seed: 5 });
    expect(recipe.adapter).toEqual({ method: 'lora', linears: ['q', 'v', 'up'], rank: 4, alpha: 32 });
  });

  it('gives room to the longest row', () => {
    expect(resolveRecipe({ rows: 10, longestRowTokens: 3_000 }).maxSequenceTokens).toBe(3_000);
    expect(resolveRecipe({ rows: 10, longestRowTokens: 100 }).maxSequenceTokens).toBe(1_024);
  });
});
