import type { Recipe } from '@parapet/contracts/recipe';
import { formatInteger, formatPercent } from '#lib/format.ts';
import { choiceNames, recipeText } from '#text/en/recipe.ts';

const text = recipeText;
const form = { ...choiceNames, rank: recipeText.rank };

/** A recipe's choices by name, in reading order: for one job and for tables of several. */
export function recipeRows(recipe: Recipe): [name: string, value: string][] {
  const { adapter } = recipe;
  const rows: [string, string][] = [[text.method, form.methods[adapter.method]]];
  if (adapter.method === 'para') {
    rows.push(
      [text.targets, form.targetNames[adapter.targets]],
      [text.rank, formatInteger(adapter.rank)],
      [text.bias, adapter.bias ? text.yes : text.no],
      [text.pooler, form.poolers[adapter.pooler]],
      [text.activation, form.activations[adapter.activation]],
    );
  }
  if (adapter.method === 'lora') {
    rows.push(
      [text.linears, adapter.linears.join(', ')],
      [text.rank, formatInteger(adapter.rank)],
      [text.alpha, String(adapter.alpha)],
    );
  }
  rows.push(
    [text.epochs, String(recipe.epochs)],
    [text.maxSteps, recipe.maxSteps === null ? text.off : formatInteger(recipe.maxSteps)],
    [text.batchSize, formatInteger(recipe.batchSize)],
    [text.learningRate, recipe.learningRate.toPrecision(3)],
    [text.warmup, formatPercent(recipe.warmupRatio)],
    [text.weightDecay, String(recipe.weightDecay)],
    [text.clip, String(recipe.clipNorm)],
    [text.patience, recipe.earlyStoppingPatience === null ? text.off : String(recipe.earlyStoppingPatience)],
    [text.seed, String(recipe.seed)],
  );
  return rows;
}
