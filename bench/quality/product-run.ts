import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AdapterConfig } from '@parapet/contracts/adapter';
import { recipeSchema } from '@parapet/contracts/recipe';
import { asMessages, completionRowSchema } from '@parapet/contracts/training-row';
import { cpuDevice } from '@parapet/inference/cpu-device';
import { Engine } from '@parapet/inference/engine';
import { AdapterShelf, answer, request } from '@parapet/inference/testing';
import { openBaseModel } from '@parapet/models/testing-base';
import { train } from '@parapet/training/train';
import { benchDataDir, weightsFolder } from '../serve/folders.ts';

export type ProductRun = {
  config: AdapterConfig;
  task: string;
  trainRows: number;
  testRows: number;
  epochs: number;
  learningRate: number;
  seed: number;
  threads: number;
};

/**
 * Trains with the platform's own trainer on the CPU and answers test rows with its own engine (8-bit weights).
 *
 * @returns exact match in per cent, tokens trained a second, steps
 */
export async function productRun(run: ProductRun, onProgress: (text: string) => void) {
  const rows = (split: string, count: number) =>
    readFileSync(join(benchDataDir, run.task, `${split}.jsonl`), 'utf8')
      .trim()
      .split('\n')
      .slice(0, count)
      .map((line) => completionRowSchema.parse(JSON.parse(line)));
  const workDir = await mkdtemp(join(tmpdir(), 'parapet-quality-'));
  const model = await openBaseModel();
  try {
    const { epochs, learningRate, seed } = run;
    let speed = 0;
    const outcome = await train({
      recipe: recipeSchema.parse({ adapter: run.config, epochs, batchSize: 16, learningRate, seed }),
      ...{ model, baseModel: 'smollm2-135m-instruct', workDir, weightsFolder: join(weightsFolder, '..', 'training') },
      ...{ trainRows: rows('train', run.trainRows), validRows: [], session: { threads: run.threads } },
      onMetrics: ({ step, totalSteps, trainLoss, tokensPerSecond }) => {
        speed = tokensPerSecond;
        onProgress(`step ${step}/${totalSteps}  loss ${trainLoss.toFixed(3)}  ${Math.round(tokensPerSecond)} tokens/s`);
      },
    });
    if (outcome.status !== 'succeeded') throw new Error(`the training ended as ${outcome.status}`);
    const shelf = new AdapterShelf(model);
    const digest = shelf.put(await readFile(outcome.adapterPath));
    const engine = await Engine.create({
      ...{ model, device: cpuDevice({ threads: run.threads }), weights: 'int8', weightsFolder, adapters: shelf.fetch },
      ...{ maxRows: 16, maxQueue: 4096, kvTokens: 16_384, adapterBytes: 1 << 28, onFailure: console.error },
    });
    const tests = rows('test', run.testRows);
    const answers = await Promise.all(
      tests.map((row) =>
        answer(
          engine,
          request({
            adapter: { digest, strength: 1 },
            prompt: { kind: 'chat', messages: asMessages(row).slice(0, 1) },
            maxTokens: 160,
          }),
        ),
      ),
    );
    const right = answers.filter(({ texts }, i) => texts[0]?.trim() === tests[i]!.completion.trim()).length;
    return { exact: (100 * right) / tests.length, tokensPerSecond: speed, steps: outcome.steps };
  } finally {
    model.weights.close();
    await rm(workDir, { recursive: true, force: true });
  }
}
