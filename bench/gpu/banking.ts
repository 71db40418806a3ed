import { readFileSync } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AdapterConfig } from '@parapet/contracts/adapter';
import { recipeSchema } from '@parapet/contracts/recipe';
import { asMessages, completionRowSchema } from '@parapet/contracts/training-row';
import type { Device } from '@parapet/inference/device';
import { Engine } from '@parapet/inference/engine';
import { AdapterShelf, answer, request } from '@parapet/inference/testing';
import type { BaseModel } from '@parapet/models/open';
import type { Accelerator } from '@parapet/runtime/accelerator';
import { train } from '@parapet/training/train';

export interface BankingOptions {
  model: BaseModel;
  accelerator: Accelerator;
  /** Answers the test rows. */
  device: Device;
  config: AdapterConfig;
  learningRate: number;
  seed: number;
  /** Folder with train.jsonl and test.jsonl. */
  data: string;
  work: string;
  /** Only so many rows of each split, the shortest: for a rehearsal. */
  rows?: number;
}

export interface BankingFigures {
  /** All of `train`: tokenizing, weights to the card, kernels, three epochs, the adapter file. */
  seconds: number;
  steps: number;
  tokensPerSecond: number;
  firstLoss: number;
  lastLoss: number;
  /** Per cent of the test rows that are answered exactly. */
  exact: number;
  testRows: number;
  /** Seconds in which the card answered them, 64 rows at once. */
  testSeconds: number;
}

/** banking77, three epochs through the platform's own trainer, then its test rows through its own engine. */
export async function bankingFigures(options: BankingOptions): Promise<BankingFigures> {
  const { model, accelerator, device, config, learningRate, seed, data, work } = options;
  const read = (split: string) => {
    const lines = readFileSync(join(data, `${split}.jsonl`), 'utf8')
      .trim()
      .split('\n');
    const chosen =
      options.rows === undefined ? lines : lines.sort((a, b) => a.length - b.length).slice(0, options.rows);
    return chosen.map((line) => completionRowSchema.parse(JSON.parse(line)));
  };
  const losses: number[] = [];
  let tokensPerSecond = 0;
  const start = performance.now();
  const outcome = await train({
    recipe: recipeSchema.parse({ adapter: config, epochs: 3, batchSize: 16, learningRate, seed }),
    ...{ model, baseModel: 'smollm2-135m-instruct', workDir: await mkdtemp(join(work, 'banking-')) },
    ...{ weightsFolder: work, trainRows: read('train'), validRows: [], accelerator },
    onMetrics: (metrics) => {
      losses.push(metrics.trainLoss);
      tokensPerSecond = metrics.tokensPerSecond;
    },
  });
  const seconds = (performance.now() - start) / 1000;
  if (outcome.status !== 'succeeded') throw new Error(`the training ended as ${outcome.status}`);
  const shelf = new AdapterShelf(model);
  const digest = shelf.put(await readFile(outcome.adapterPath));
  const engine = await Engine.create({
    ...{ model, device, weights: 'fp32', weightsFolder: work, adapters: shelf.fetch, onFailure: console.error },
    ...{ maxRows: 64, maxQueue: 8192, kvTokens: 65_536, adapterBytes: 1 << 28 },
  });
  const tests = read('test');
  const testStart = performance.now();
  const answers = await Promise.all(
    tests.map((row) => {
      const prompt = { kind: 'chat' as const, messages: asMessages(row).slice(0, 1) };
      return answer(engine, request({ adapter: { digest, strength: 1 }, prompt, maxTokens: 48 }));
    }),
  );
  const testSeconds = (performance.now() - testStart) / 1000;
  await engine.close();
  const right = answers.filter(({ texts }, i) => texts[0]?.trim() === tests[i]!.completion.trim()).length;
  const mean = (values: number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
  return {
    ...{ seconds, steps: outcome.steps, tokensPerSecond, testSeconds },
    ...{ firstLoss: mean(losses.slice(0, 10)), lastLoss: mean(losses.slice(-100)) },
    ...{ exact: (100 * right) / tests.length, testRows: tests.length },
  };
}
