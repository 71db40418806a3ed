import type { Recipe } from '@parapet/contracts/recipe';

/** Optimiser steps of a run. */
export function totalSteps(recipe: Pick<Recipe, 'epochs' | 'maxSteps'>, stepsPerEpoch: number): number {
  return recipe.maxSteps ?? Math.max(1, Math.ceil(recipe.epochs * stepsPerEpoch));
}

/** Linear warm-up over the first share of steps, then linear decay to zero. `step` counts from 1. */
export function learningRate(
  recipe: Pick<Recipe, 'learningRate' | 'warmupRatio'>,
  step: number,
  total: number,
): number {
  const warmup = Math.ceil(recipe.warmupRatio * total);
  if (step <= warmup) return (recipe.learningRate * step) / warmup;
  return (recipe.learningRate * (total - step + 1)) / Math.max(1, total - warmup + 1);
}

/** Share of the training work that validation may cost; a forward pass is some 40% of a training step's work. */
const validationShare = 0.15;
const forwardShare = 0.4;
const mostValidations = 20;

/**
 * Steps between validations: twice an epoch, but no more than 20 in a run, nor more than a share of the work.
 * A function of the data alone, so that a resumed run validates where an uninterrupted one does.
 */
export function validationInterval(
  steps: number,
  stepsPerEpoch: number,
  tokensPerStep: number,
  validationTokens: number,
): number {
  const byWork = (forwardShare * validationTokens) / (validationShare * Math.max(1, tokensPerStep));
  return Math.max(1, Math.ceil(Math.max(stepsPerEpoch / 2, steps / mostValidations, byWork)));
}
