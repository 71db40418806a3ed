import { goldenGreedy } from '@parapet/models/golden';
import type { BaseModel } from '@parapet/models/open';
import { openBaseModel } from '@parapet/models/testing-base';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cpuDevice } from './devices/cpu/cpu-device.ts';
import { findKernels } from './devices/cpu/kernel-library.ts';
import type { ModelRunner } from './devices/device.ts';
import { calibrationTexts } from './kv/calibration-texts.ts';
import { argmax } from './sampling/sampler.ts';
import { AdapterShelf, answer, request, startEngine } from './testing/engine-kit.ts';
import { testKernelsFolder, testWeightsFolder } from './testing/env.ts';
import { openServingWeights, servedBlockSize } from './weights/serving-weights.ts';

// The base model in fp32 against `transformers` (golden files of @parapet/models).

const golden = goldenGreedy();
const endOfTurn = 2;
let model: BaseModel;
let engine: Awaited<ReturnType<typeof startEngine>>;
let runner: ModelRunner;
let shelf: AdapterShelf;

beforeAll(async () => {
  model = await openBaseModel();
  shelf = new AdapterShelf(model);
  engine = await startEngine(model, shelf, {
    weightsFolder: testWeightsFolder,
    kvTokens: 16_384,
    adapterBytes: 1 << 28,
  });
  const weights = openServingWeights({ model, kind: 'fp32', folder: testWeightsFolder, blockSize: 32 });
  runner = await cpuDevice({ threads: 2 }).createRunner({ spec: model.spec, weights, maxRows: 2, kvTokens: 2048 });
});

afterAll(async () => {
  await engine?.close();
  await runner?.close();
});

/** Greedy tokens, past ends of turn as well: there the engine stops, so it is asked to go on. */
async function continuation(prompt: readonly number[], count: number): Promise<number[]> {
  const tokens: number[] = [];
  while (tokens.length < count) {
    const asked = request({
      prompt: { kind: 'tokens', tokens: [...prompt, ...tokens] },
      maxTokens: count - tokens.length,
      topLogprobs: 0,
    });
    const { ids, reasons } = await answer(engine, asked);
    tokens.push(...ids[0]!);
    if (reasons[0] === 'stop') tokens.push(endOfTurn);
  }
  return tokens;
}

test('20 greedy continuations equal those of an independent implementation, all in one batch', async () => {
  const found = await Promise.all(golden.rows.map((row) => continuation(row.prompt_tokens, row.tokens.length)));
  expect(found).toEqual(golden.rows.map((row) => row.tokens));
});

test('the first logits are within 1e-3 of the independent implementation', async () => {
  let worst = 0;
  for (const row of golden.rows) {
    const run = runner.beginPrefill(1, row.prompt_tokens, { kind: 'base' });
    await run.advance(run.remainingLayers);
    const logits = await run.lastLogits();
    run.release();
    row.first_logits.sample.forEach((logit, i) => {
      worst = Math.max(worst, Math.abs(logits[i * golden.sample_stride]! - logit));
    });
    for (const [id, logit] of row.first_logits.top) worst = Math.max(worst, Math.abs(logits[id]! - logit));
  }
  expect(worst).toBeLessThan(1e-3);
});

test('an adapter with W_up = 0 gives the base logits bit for bit, in one batch with base rows', async () => {
  const fresh = shelf.add(
    { method: 'para', targets: 'qvu', bias: false, rank: 12, pooler: 'mean', activation: 'gelu' },
    3,
    0,
  );
  const strong = shelf.add(
    { method: 'para', targets: 'qvu', bias: false, rank: 12, pooler: 'mean', activation: 'gelu' },
    4,
    3,
  );
  const prompt = { kind: 'text' as const, text: 'The capital of France is' };
  const asked = [null, fresh, strong].map((digest) =>
    request({ prompt, adapter: digest === null ? null : { digest, strength: 1 }, maxTokens: 24, topLogprobs: 5 }),
  );
  const [base, zero, other] = await Promise.all(asked.map((one) => answer(engine, one)));
  expect(zero!.ids).toEqual(base!.ids);
  expect(zero!.logprobs).toEqual(base!.logprobs);
  expect(other!.ids).not.toEqual(base!.ids);
});

const kernels = [null, findKernels(testKernelsFolder).kernels].filter((one, i) => i === 0 || one !== null);

test.each(kernels)('what is served by default, 8 bits, chooses as fp32 does at 96 of 100 positions', async (own) => {
  const device = cpuDevice({ threads: 2, kernels: own });
  const served = await device.createRunner({
    spec: model.spec,
    weights: openServingWeights({
      ...{ model, kind: 'int8', folder: testWeightsFolder, blockSize: servedBlockSize },
      layout: device.weightLayout,
    }),
    maxRows: 1,
    kvTokens: 2048,
    calibration: calibrationTexts(model),
  });
  let same = 0;
  let positions = 0;
  for (const { prompt_tokens: prompt, tokens } of golden.rows) {
    const run = served.beginPrefill(0, [...prompt, ...tokens.slice(0, -1)], { kind: 'base' });
    await run.advance(run.remainingLayers);
    const logits = await run.promptLogits(prompt.length - 1, prompt.length - 1 + tokens.length);
    run.release();
    tokens.forEach((token, i) => {
      if (argmax(logits.subarray(i * served.vocab, (i + 1) * served.vocab)) === token) same++;
      positions++;
    });
  }
  await served.close();
  expect(same / positions).toBeGreaterThan(0.96);
});
