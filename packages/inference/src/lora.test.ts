import { type LoraConfig, linearNameSchema } from '@parapet/contracts/adapter';
import type { BaseModel } from '@parapet/models/open';
import type { WeightName } from '@parapet/models/spec';
import { tinyModel } from '@parapet/models/testing';
import { ModelWeights, Weight } from '@parapet/models/weights';
import { decodeAdapter } from '@parapet/para/adapter-file';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cpuDevice } from './devices/cpu/cpu-device.ts';
import { findKernels } from './devices/cpu/kernel-library.ts';
import type { Engine } from './engine.ts';
import {
  AdapterShelf,
  type Answer,
  aloneAndTogether,
  answer,
  request,
  requestsOf,
  startEngine,
} from './testing/engine-kit.ts';
import { testKernelsFolder } from './testing/env.ts';

const model = tinyModel(7, { headDim: 16 });
const shelf = new AdapterShelf(model);
const everywhere: LoraConfig = { method: 'lora', linears: linearNameSchema.options, rank: 5, alpha: 10 };
const usual: LoraConfig = { method: 'lora', linears: ['q', 'v', 'up'], rank: 16, alpha: 32 };
const para = { method: 'para', targets: 'qvu', bias: false, rank: 4, pooler: 'mean', activation: 'gelu' } as const;
const { kernels } = findKernels(testKernelsFolder);
const text = 'hello the spam';

/** The base model with an adapter's matrices added to its own: W + strength · α/r · (A · B)ᵀ. */
async function merged(digest: string, config: LoraConfig, strength: number): Promise<BaseModel> {
  const { tensors } = decodeAdapter(await shelf.fetch(digest), { digest: model.digest, spec: model.spec });
  const weights = new Map<WeightName, Weight>();
  for (const name of model.weights.names) {
    const weight = model.weights.get(name);
    const data = weight.readFloat32();
    const [a, b] = [tensors.get(`${name}.a`), tensors.get(`${name}.b`)];
    if (a !== undefined && b !== undefined) {
      const [out, inner] = weight.shape as [number, number];
      for (let o = 0; o < out; o++) {
        for (let i = 0; i < inner; i++) {
          let sum = 0;
          for (let r = 0; r < config.rank; r++) sum += a[i * config.rank + r]! * b[r * out + o]!;
          data[o * inner + i]! += ((strength * config.alpha) / config.rank) * sum;
        }
      }
    }
    weights.set(name, new Weight(name, 'float32', weight.shape, () => new Uint8Array(data.buffer.slice(0))));
  }
  return { ...model, weights: new ModelWeights(weights, () => {}) };
}

test('an engine without our own operators refuses LoRA and says what to do', async () => {
  const engine = await startEngine(model, shelf);
  const asked = request({ adapter: { digest: shelf.add(usual, 1, 1), strength: 1 } });
  await expect(engine.generate(asked)).rejects.toMatchObject({ code: 'invalid_adapter', message: /compiler/ });
  await engine.close();
});

describe.skipIf(kernels === null)('LoRA rows', () => {
  const device = cpuDevice({ threads: 2, kernels });
  const options = { weights: 'int8', device } as const;
  let engine: Engine;

  beforeAll(async () => {
    engine = await startEngine(model, shelf, options);
  });
  afterAll(async () => {
    await engine.close();
  });

  test.each([
    ['all linears', everywhere, 1],
    ['the usual ones, half strength', usual, 0.5],
  ] as const)('answer as the model with the matrices merged: %s', async (_name, config, strength) => {
    const digest = shelf.add(config, 3, 0.1);
    const parts = { prompt: { kind: 'text', text }, maxTokens: 24, topLogprobs: 0 } as const;
    const exact = await startEngine(model, shelf, { device });
    const found = await answer(exact, request({ ...parts, adapter: { digest, strength } }));
    const base = await answer(exact, request(parts));
    await exact.close();
    const expectedEngine = await startEngine(await merged(digest, config, strength), shelf, { device });
    const expected = await answer(expectedEngine, request(parts));
    await expectedEngine.close();
    expect(found.error).toBeNull();
    expect(found.ids).toEqual(expected.ids);
    found.logprobs[0]!.forEach((logprob, i) => {
      expect(Math.abs(logprob - expected.logprobs[0]![i]!)).toBeLessThan(1e-3);
    });
    expect(found.logprobs).not.toEqual(base.logprobs);
  });

  test('share a batch with any others, which answer to the bit as they do alone', async () => {
    const digests = [
      shelf.add(everywhere, 4, 0.1),
      shelf.add(usual, 5, 0.1),
      shelf.add(para, 1, 3),
      shelf.add({ method: 'ia3' }, 3, 1),
    ];
    const { alone, together } = await aloneAndTogether(
      engine,
      requestsOf([null, ...digests, shelf.add({ ...para, targets: 'wide', bias: true }, 2, 2)]),
    );
    together.forEach((found, i) => {
      expect(found.error).toBeNull();
      expect(found.ids).toEqual(alone[i]!.ids);
      expect(found.logprobs).toEqual(alone[i]!.logprobs);
    });
  });

  test('at strength 0 are the base model bit for bit', async () => {
    const digest = shelf.add(everywhere, 6, 0.1);
    const asked = [null, { digest, strength: 0 }, { digest, strength: 1 }].map((adapter) =>
      request({ adapter, topLogprobs: 5, prompt: { kind: 'text', text } }),
    );
    const [base, off, on] = await Promise.all(asked.map((one) => answer(engine, one)));
    expect(off!.logprobs).toEqual(base!.logprobs);
    expect(on!.logprobs).not.toEqual(base!.logprobs);
  });

  test('are computed once for the same prompt, and again when memory made them leave', async () => {
    const digest = shelf.add(usual, 7, 0.1);
    const parts = { adapter: { digest, strength: 1 }, topLogprobs: 0, maxTokens: 60 };
    const asked = Array.from({ length: 4 }, (_, i) =>
      request({ ...parts, prompt: { kind: 'tokens', tokens: [40 + (i >> 1), 50, 60] } }),
    );
    const alone: Answer[] = [];
    for (const one of asked) alone.push(await answer(engine, { ...one, requestId: `${one.requestId}-alone` }));
    expect(alone.map(({ cachedTokens }) => cachedTokens)).toEqual([0, 3, 0, 3]);
    expect(alone[1]!.logprobs).toEqual(alone[0]!.logprobs);
    const small = await startEngine(model, shelf, { ...options, kvTokens: 160, maxRows: 4 });
    const together = await Promise.all(asked.map((one) => answer(small, one)));
    expect(small.stats().preemptions).toBeGreaterThan(0);
    await small.close();
    expect(together.map(({ ids }) => ids)).toEqual(alone.map(({ ids }) => ids));
  });
});
