import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Recipe, recipeSchema, type StepMetrics } from '@parapet/contracts/recipe';
import { tinyModel } from '@parapet/models/testing';
import { decodeAdapter } from '@parapet/para/adapter-file';
import { afterAll, describe, expect, it } from 'vitest';
import { type TrainOptions, train } from './train.ts';

const model = tinyModel(1);
const root = mkdtempSync(join(tmpdir(), 'parapet-train-'));
afterAll(() => rmSync(root, { recursive: true }));

/** A rule that an adapter can learn: numbers are `a`, words are `b`. */
const rows = Array.from({ length: 48 }, (_, i) =>
  i % 2 === 0
    ? { prompt: `${i * 7} ${i}`, completion: 'a' }
    : { prompt: 'the hello the'.slice(i % 5), completion: 'b' },
);

function recipe(overrides: Partial<Recipe> = {}): Recipe {
  const adapter = { method: 'para', rank: 8, targets: 'wide', bias: true } as const;
  return recipeSchema.parse({ adapter, epochs: 4, batchSize: 8, learningRate: 0.1, seed: 7, ...overrides });
}

let runs = 0;
function options(overrides: Partial<TrainOptions> = {}): TrainOptions {
  return {
    recipe: recipe(),
    model,
    baseModel: 'tiny',
    trainRows: rows.slice(0, 40),
    validRows: rows.slice(40),
    workDir: join(root, `run-${runs++}`),
    weightsFolder: join(root, 'weights'),
    session: { threads: 1 },
    ...overrides,
  };
}

describe('train', () => {
  it('learns, and reports every step', async () => {
    const metrics: StepMetrics[] = [];
    const samples: string[] = [];
    const outcome = await train(
      options({
        onMetrics: (step) => void metrics.push(step),
        onSample: (sample) => void samples.push(`${sample.expected} ${sample.adapted}`),
      }),
    );
    if (outcome.status !== 'succeeded') throw new Error(outcome.status);
    expect(metrics.map(({ step }) => step)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(metrics.at(-1)!.trainLoss).toBeLessThan(metrics[0]!.trainLoss / 3);
    expect(metrics.at(-1)!.validTokenAccuracy).toBe(1);
    expect(samples).toContain('a a');
    expect(outcome.trainedTokens).toBe(metrics.at(-1)!.trainedTokens);
    const adapter = decodeAdapter(await readFile(outcome.adapterPath), model);
    expect(adapter.digest).toBe(outcome.adapterDigest);
    expect(adapter.manifest.config).toEqual(recipe().adapter);
  });

  it('gives the same adapter for the same seed, another for another', async () => {
    const digest = async (seed: number) => {
      const outcome = await train(options({ recipe: recipe({ seed, maxSteps: 6 }) }));
      return outcome.status === 'succeeded' ? outcome.adapterDigest : outcome.status;
    };
    expect(await digest(7)).toBe(await digest(7));
    expect(await digest(8)).not.toBe(await digest(7));
  });

  it('goes on from a checkpoint to the adapter of an uninterrupted run', async () => {
    const whole = await train(options());
    let steps = 0;
    const paused = await train(options({ shouldPause: () => steps++ === 7 }));
    if (paused.status !== 'paused' || whole.status !== 'succeeded') throw new Error('unexpected');
    expect(paused.checkpoint.step).toBe(7);
    const resumed = await train(options({ resumeFrom: paused.checkpoint.statePath }));
    expect(resumed).toMatchObject({ adapterDigest: whole.adapterDigest, trainedTokens: whole.trainedTokens });
  });

  it('refuses a checkpoint of another recipe and a damaged one', async () => {
    const paused = await train(options({ shouldPause: () => true }));
    if (paused.status !== 'paused') throw new Error('unexpected');
    const { statePath } = paused.checkpoint;
    await expect(train(options({ resumeFrom: statePath, recipe: recipe({ seed: 8 }) }))).rejects.toThrow(
      'belongs to another recipe',
    );
    const bytes = await readFile(statePath);
    bytes[bytes.length - 5]! ^= 1;
    await writeFile(statePath, bytes);
    await expect(train(options({ resumeFrom: statePath }))).rejects.toThrow('damaged');
  });

  it('stops early and keeps the best', async () => {
    // Held-out rows that say the opposite: what is learned beyond the format makes them worse.
    const opposite = rows
      .slice(40)
      .map(({ prompt, completion }) => ({ prompt, completion: completion === 'a' ? 'b' : 'a' }));
    const outcome = await train(
      options({ validRows: opposite, recipe: recipe({ epochs: 20, earlyStoppingPatience: 2 }) }),
    );
    if (outcome.status !== 'succeeded') throw new Error(outcome.status);
    expect(outcome.stoppedEarly).toBe(true);
    expect(outcome.bestStep).toBeLessThan(outcome.steps);
  });

  it('ends when it is aborted, and refuses rows it cannot use', async () => {
    expect(await train(options({ signal: AbortSignal.abort() }))).toEqual({ status: 'cancelled' });
    await expect(train(options({ recipe: recipe({ maxSequenceTokens: 16 }) }))).rejects.toThrow(
      'Row 1 of the training data has',
    );
    await expect(train(options({ trainRows: [] }))).rejects.toThrow('no rows');
  });

  it('starts from another adapter', async () => {
    const first = await train(options({ recipe: recipe({ maxSteps: 2 }) }));
    if (first.status !== 'succeeded') throw new Error(first.status);
    const metrics: StepMetrics[] = [];
    await train(
      options({
        recipe: recipe({ maxSteps: 1, warmStartDigest: first.adapterDigest, learningRate: 1e-6 }),
        warmStart: await readFile(first.adapterPath),
        onMetrics: (step) => void metrics.push(step),
      }),
    );
    expect(metrics[0]!.validLoss).toBeCloseTo(first.finalMetrics.validLoss!, 2);
  });
});
