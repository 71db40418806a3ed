import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AdapterConfig } from '@parapet/contracts/adapter';
import { tinyModel } from '@parapet/models/testing';
import { decodeAdapter } from '@parapet/para/adapter-file';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tensorsByLayer } from '../../adapters/adapter-cache.ts';
import { AdapterShelf } from '../../testing/engine-kit.ts';
import { openServingWeights } from '../../weights/serving-weights.ts';
import { cpuDevice } from '../cpu/cpu-device.ts';
import {
  type ModelRunner,
  type PromptAdapter,
  type PromptScaling,
  type RowScales,
  type RunnerOptions,
  scalesOf,
} from '../device.ts';

const model = tinyModel(3, { headDim: 16, heads: 4, kvHeads: 2, width: 48, ffn: 80, layers: 3 });
const { spec } = model;
export const limits = { maxRows: 4, kvTokens: 512 };

async function promptAdapter(config: AdapterConfig, seed: number): Promise<PromptAdapter> {
  const shelf = new AdapterShelf(model);
  const file = await shelf.fetch(shelf.add(config, seed, 0.3));
  const { tensors, manifest } = decodeAdapter(file, { digest: model.digest, spec });
  if (manifest.config.method !== 'para') throw new Error('PARA only');
  return { config: manifest.config, layers: tensorsByLayer(spec, tensors) };
}

const para = (overrides: Partial<Extract<AdapterConfig, { method: 'para' }>> = {}): AdapterConfig => ({
  ...{ method: 'para', targets: 'qvu', bias: false, rank: 5, pooler: 'mean', activation: 'gelu' },
  ...overrides,
});

/** A prompt of `length` tokens. */
export const longPrompt = (length: number): number[] => Array.from({ length }, (_, i) => (i * 37) % spec.vocab);

/** Prefills prompts into slots, then decodes greedily; the logits of every step by row. */
async function play(
  runner: ModelRunner,
  prompts: readonly (readonly number[])[],
  scalings: readonly PromptScaling[],
  steps: number,
) {
  const rows: { tokens: number[]; logits: Float32Array[]; scales: RowScales | null }[] = [];
  for (const [i, tokens] of prompts.entries()) {
    const scaling = scalings[i]!;
    if (scaling.kind === 'adapter') await runner.prepare(scaling.adapter.config);
    const run = runner.beginPrefill(limits.maxRows - 1, tokens, scaling);
    while (run.remainingLayers > 0) await run.advance(2);
    const logits = await run.lastLogits();
    const made = run.scales();
    const scales = made === null ? null : scalesOf(made);
    runner.copyKv(limits.maxRows - 1, i, tokens.length);
    runner.setScales(i, scales);
    runner.freeSlot(limits.maxRows - 1);
    run.release();
    rows.push({ tokens: [...tokens, argmax(logits)], logits: [logits], scales });
  }
  for (let step = 0; step < steps; step++) {
    const result = await runner.decode(rows.map(({ tokens }) => ({ token: tokens.at(-1)!, tokens: tokens.length })));
    for (const [i, row] of rows.entries()) {
      const logits = result.logits(i).slice();
      expect(result.greedy(i)).toBe(argmax(logits));
      row.logits.push(logits);
      row.tokens.push(argmax(logits));
    }
  }
  return rows;
}

function argmax(values: Float32Array): number {
  return values.reduce((best, value, i) => (value > values[best]! ? i : best), 0);
}

export function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i]!)), 0);
}

/** The runners of a suite, there once its tests begin. */
export interface ComparedRunners {
  cpu: ModelRunner;
  fp32: ModelRunner;
  fp16: ModelRunner;
}

/**
 * Tests, within a `describe`, that a device's runner gives the CPU engine's logits, up to rounding: every pooler,
 * activation and target, rows beside each other. `prompts` are three.
 */
export function holdRunnerToCpu(
  prompts: readonly (readonly number[])[],
  create: (type: 'float32' | 'float16', options: RunnerOptions) => Promise<ModelRunner>,
): ComparedRunners {
  const runners = {} as ComparedRunners;

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'parapet-runner-'));
    const weights = openServingWeights({ model, kind: 'fp32', folder, blockSize: 32 });
    const options = { spec, weights, ...limits };
    runners.cpu = await cpuDevice({ threads: 1 }).createRunner(options);
    runners.fp32 = await create('float32', options);
    runners.fp16 = await create('float16', options);
  }, 120_000);

  afterAll(async () => {
    for (const runner of Object.values(runners)) await runner.close();
  });

  const cases: [string, () => Promise<PromptScaling[]>][] = [
    ['the base model', async () => prompts.map(() => ({ kind: 'base' }))],
    [
      'adapters beside the base model',
      async () => [
        { kind: 'adapter', adapter: await promptAdapter(para(), 1), strength: 1 },
        { kind: 'base' },
        {
          kind: 'adapter',
          adapter: await promptAdapter(para({ pooler: 'last', activation: 'silu' }), 2),
          strength: 0.5,
        },
      ],
    ],
    [
      'all poolers, activations and targets',
      async () => [
        {
          kind: 'adapter',
          adapter: await promptAdapter(para({ targets: 'wide', bias: true, pooler: 'max' }), 3),
          strength: 1,
        },
        {
          kind: 'adapter',
          adapter: await promptAdapter(para({ activation: 'rational', pooler: 'attention' }), 4),
          strength: 1.5,
        },
        { kind: 'adapter', adapter: await promptAdapter(para({ targets: 'wide' }), 5), strength: 1 },
      ],
    ],
  ];

  it.each(cases)(
    'gives the logits of the CPU engine: %s',
    async (_, scalingsOf) => {
      const scalings = await scalingsOf();
      const expected = await play(runners.cpu, prompts, scalings, 20);
      const single = await play(runners.fp32, prompts, scalings, 20);
      for (const [i, row] of expected.entries()) {
        expect(single[i]!.tokens).toEqual(row.tokens);
        for (const [step, logits] of row.logits.entries()) {
          expect(largestDifference(logits, single[i]!.logits[step]!)).toBeLessThan(2e-4);
        }
        if (row.scales !== null) {
          expect(largestDifference(row.scales.numbers, single[i]!.scales!.numbers)).toBeLessThan(1e-4);
        }
      }
      const half = await play(runners.fp16, prompts, scalings, 1);
      for (const [i, row] of expected.entries()) {
        expect(largestDifference(row.logits[0]!, half[i]!.logits[0]!)).toBeLessThan(0.05);
      }
    },
    120_000,
  );
  return runners;
}
