import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recipeSchema } from '@parapet/contracts/recipe';
import { tinyModel } from '@parapet/models/testing';
import { goldenGradients, gradientBatch, gradientCases, gradientModelSeed } from '@parapet/para/golden';
import { canEmulate, HostAccelerator } from '@parapet/runtime/testing-accelerator';
import { afterAll, describe, expect, it } from 'vitest';
import { microBatches } from '../dataset/batches.ts';
import { flatLayout, flatten } from '../graph/flat-parameters.ts';
import { train } from '../trainer/train.ts';
import { CudaTrainer } from './cuda-trainer.ts';

const folder = mkdtempSync(join(tmpdir(), 'parapet-cuda-trainer-'));
const accelerator = new HostAccelerator();
afterAll(() => {
  accelerator.close();
  rmSync(folder, { recursive: true });
});

const model = tinyModel(gradientModelSeed);
const sequences = gradientBatch.tokens.map((tokens, row) => ({
  tokens: Int32Array.from(tokens.slice(0, gradientBatch.lengths[row])),
  promptTokens: gradientBatch.promptTokens[row]!,
  row,
}));

/** ‖a − b‖ / ‖b‖ */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [difference, size] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    difference += (a[i]! - b[i]!) ** 2;
    size += b[i]! ** 2;
  }
  return Math.sqrt(difference / size);
}

describe.skipIf(!canEmulate())('kernels made from the training graphs, emulated on the host', () => {
  // One row to a micro-batch: the gradient is the sum of two, of different sizes, both padded to one recording.
  it.each(gradientCases(model.spec))('$name: PyTorch’s gradient, to 1e-4', async ({ name, config, tensors }) => {
    const layout = flatLayout(config, model.spec);
    const golden = goldenGradients().cases[name]!;
    const trainer = await CudaTrainer.create({ accelerator, model, config, seed: 0, weightsFolder: folder });
    try {
      trainer.load({ theta: flatten(tensors, layout) });
      const batches = microBatches(sequences, { maxTokens: 8, maxTargets: 64 });
      expect(batches).toHaveLength(2);
      const targets = batches.reduce((sum, { labels }) => sum + labels.length, 0);
      const expected = new Float64Array(layout.size);
      for (const { name: tensor, offset } of layout.tensors) expected.set(golden.gradients[tensor]!, offset);
      // Twice: the first run is given to the device step by step, the second is a recording's.
      for (const round of [1, 2]) {
        let loss = 0;
        for (const batch of batches) loss += (await trainer.accumulate(batch, 1 / targets)).loss;
        trainer.load({ m: new Float32Array(layout.size) });
        trainer.step(1, { learningRate: 0, weightDecay: 0, clipNorm: 1e9 });
        expect(loss, `round ${round}`).toBeCloseTo(golden.loss, 4);
        // After one step from nothing, m = (1 − β₁) · gradient.
        const found = trainer.m.map((x) => x / 0.1);
        expect(distance(found, expected), `round ${round}`).toBeLessThan(1e-4);
      }
    } finally {
      await trainer.release();
    }
  });

  it.each([
    { method: 'para', rank: 3 },
    { method: 'lora', rank: 2, alpha: 4 },
  ])('trains $method as the CPU does, and as itself after a resume', async (adapter) => {
    const words = ['one', 'two', 'three', 'four', 'five', 'six', 'seven'];
    const trainRows = words.map((prompt, i) => ({
      prompt: `${prompt} `.repeat(i + 1),
      completion: words[(i * 3) % 7]!,
    }));
    const recipe = recipeSchema.parse({ adapter, epochs: 4, batchSize: 3, learningRate: 1e-2, seed: 5 });
    const common = {
      ...{ recipe, model, baseModel: 'tiny', trainRows, validRows: trainRows.slice(0, 3) },
      ...{ workDir: mkdtempSync(join(folder, 'run-')), weightsFolder: folder },
    };
    const run = async (more: object) => {
      const losses: number[] = [];
      const outcome = await train({
        ...common,
        ...more,
        onMetrics: ({ trainLoss, validLoss }) => {
          losses.push(trainLoss, validLoss ?? 0);
        },
      });
      return { outcome, losses };
    };
    const cpu = await run({});
    const card = await run({ accelerator });
    expect(card.losses.length).toBe(cpu.losses.length);
    card.losses.forEach((loss, i) => {
      expect(loss).toBeCloseTo(cpu.losses[i]!, 3);
    });

    let steps = 0;
    const paused = await run({ accelerator, shouldPause: () => steps++ === 6 });
    if (paused.outcome.status !== 'paused') throw new Error('it did not pause');
    const resumed = await run({ accelerator, resumeFrom: paused.outcome.checkpoint.statePath });
    expect([...paused.losses, ...resumed.losses]).toEqual(card.losses);
    expect(resumed.outcome).toMatchObject({ adapterDigest: (card.outcome as { adapterDigest: string }).adapterDigest });
  });
});
