import { tinyModel } from '@parapet/models/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../engine.ts';
import { AdapterShelf, answer, request, startEngine } from '../../testing/engine-kit.ts';
import { Gpu } from './gpu.ts';
import { useSoftwareVulkan } from './testing/env.ts';
import { webGpuDevice } from './webgpu-device.ts';

const missing = useSoftwareVulkan();
const because = missing === null ? '' : ` (${missing})`;

describe.skipIf(missing !== null)(`opening WebGPU${because}`, () => {
  it('refuses an adapter that computes on the processor, unless told otherwise', async () => {
    await expect(Gpu.open()).rejects.toThrow('computes on the processor: PARAPET_DEVICE=cpu is faster');
    const gpu = await Gpu.open({ software: true });
    await gpu.rehearse();
    gpu.close();
  });

  it('says what to lower when a buffer is too large', async () => {
    const gpu = await Gpu.open({ software: true });
    const tooMuch = gpu.device.limits.maxStorageBufferBindingSize + 16;
    expect(() => gpu.buffer('the KV cache', tooMuch)).toThrow('lower PARAPET_KV_TOKENS');
    gpu.close();
  });

  it('throws what WebGPU reports late', async () => {
    const gpu = await Gpu.open({ software: true });
    const small = gpu.buffer('small', 16);
    gpu.submit((encoder) => encoder.copyBufferToBuffer(small, 0, gpu.buffer('other', 16), 0, 64));
    await expect(gpu.idle()).rejects.toThrow('WebGPU: ');
    gpu.close();
  });
});

describe('a WebGPU device with too little memory', () => {
  it('says for what', async () => {
    const gpu = await Gpu.open({ software: true, backend: 'null' }); // it has half a gigabyte
    const work = () => {
      const buffers = Array.from({ length: 8 }, () => gpu.buffer('a buffer', 100e6));
      gpu.submit((encoder) => encoder.copyBufferToBuffer(buffers[0]!, 0, buffers[7]!, 0, 16));
    };
    await expect(gpu.allocating('the weights', work)).rejects.toThrow('too little memory for the weights');
    gpu.close();
  });
});

describe.skipIf(missing !== null)(`the engine on WebGPU${because}`, () => {
  const model = tinyModel(11, { layers: 2, headDim: 16, heads: 4, kvHeads: 2, width: 48, ffn: 80 });
  const shelf = new AdapterShelf(model);
  const digests = [1, 2, 3].map((seed) =>
    shelf.add({ method: 'para', targets: 'qvu', bias: false, rank: 4, pooler: 'mean', activation: 'gelu' }, seed, 0.3),
  );
  let cpu: Engine;
  let gpu: Engine;

  beforeAll(async () => {
    const limits = { maxRows: 6, kvTokens: 512 };
    cpu = await startEngine(model, shelf, limits);
    gpu = await startEngine(model, shelf, {
      ...limits,
      device: await webGpuDevice({ software: true, type: 'float32' }),
    });
  });

  afterAll(async () => {
    await cpu.close();
    await gpu.close();
  });

  // More rows than slots, prompts met before, what the host must choose for and what the device chooses: side by side.
  const requests = () =>
    Array.from({ length: 14 }, (_, i) =>
      request({
        prompt: {
          kind: 'tokens',
          tokens: Array.from({ length: 3 + (i % 4) * 9 }, (_, j) => 5 + (((i % 4) * 31 + j * 7) % 200)),
        },
        adapter: i % 3 === 0 ? null : { digest: digests[i % 3]!, strength: 1 },
        maxTokens: 10 + i,
        topLogprobs: i % 2 === 0 ? 2 : null,
        sampling: i % 5 === 1 ? { frequencyPenalty: 0.7 } : {},
      }),
    );

  it('answers as on the CPU', async () => {
    const [expected, given] = await Promise.all(
      [cpu, gpu].map((engine) => Promise.all(requests().map((one) => answer(engine, one)))),
    );
    for (const [i, { texts, ids, logprobs, error }] of expected!.entries()) {
      expect(error).toBeNull();
      expect(given![i]).toMatchObject({ texts, ids, error: null });
      for (const [j, logprob] of logprobs[0]!.entries()) expect(given![i]!.logprobs[0]![j]).toBeCloseTo(logprob, 3);
    }
  });

  it('gives back every page when the rows are gone', async () => {
    const before = await answer(gpu, request({ tenantId: 'org_last', maxTokens: 200 }));
    expect(before.error).toBeNull();
    await Promise.all(
      Array.from({ length: 30 }, (_, i) => answer(gpu, request({ tenantId: `org_${i}`, maxTokens: 60 }))),
    );
    const after = await answer(gpu, request({ tenantId: 'org_other', maxTokens: 200 }));
    expect(after.texts).toEqual(before.texts);
  });
});
