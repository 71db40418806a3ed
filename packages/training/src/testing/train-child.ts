/** A training process to be killed: train-child.ts WORKDIR WEIGHTS. Prints a line a step, and the outcome. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { recipeSchema } from '@parapet/contracts/recipe';
import { tinyModel } from '@parapet/models/testing';
import { train } from '../trainer/train.ts';

const [workDir = '', weightsFolder = ''] = process.argv.slice(2);
const rows = Array.from({ length: 60 }, (_, i) => ({
  prompt: `${'the hello '.repeat(1 + (i % 4))}${i * 31}`,
  completion: i % 3 === 0 ? 'spam' : 'ham',
}));
const state = join(workDir, 'state.safetensors');
const outcome = await train({
  recipe: recipeSchema.parse({
    adapter: { method: 'para', rank: 4 },
    ...{ epochs: 8, batchSize: 8, learningRate: 0.05, seed: 3, earlyStoppingPatience: 50 },
  }),
  ...{ model: tinyModel(1), baseModel: 'tiny', trainRows: rows.slice(0, 48), validRows: rows.slice(48) },
  ...{ workDir, weightsFolder, session: { threads: 1 }, checkpointSteps: 1 },
  resumeFrom: existsSync(state) ? state : null,
  onMetrics: ({ step }) => void process.stdout.write(`step ${step}\n`),
});
process.stdout.write(`${JSON.stringify(outcome)}\n`);
