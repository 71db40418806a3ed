import { adapterConfigSchema } from '@parapet/contracts/adapter';
import type { ModelSpec } from '@parapet/models/spec';
import { tinySpec } from '@parapet/models/testing';
import { describe, expect, it } from 'vitest';
import { initAdapter } from './init.ts';
import { adapterParameters, adapterTensors, decodeNumbers } from './tensors.ts';

const spec = (numbers: Partial<ModelSpec>): ModelSpec => ({ ...tinySpec, ...numbers });
const llama7b = spec({ layers: 32, width: 4096, heads: 32, kvHeads: 32, headDim: 128, ffn: 11008 });
const llama13b = spec({ layers: 40, width: 5120, heads: 40, kvHeads: 40, headDim: 128, ffn: 13824 });
const gemma2b = spec({ layers: 18, width: 2048, heads: 8, kvHeads: 1, headDim: 256, ffn: 16384 });
const smollm = spec({ layers: 30, width: 576, heads: 9, kvHeads: 3, headDim: 64, ffn: 1536 });
const para = (more: object = {}) => adapterConfigSchema.parse({ method: 'para', ...more });

describe('adapterParameters', () => {
  it.each([
    ['LLaMA-2-7B', llama7b, 8_945_664],
    ['LLaMA-2-13B', llama13b, 14_008_320],
    ['Gemma-2B', gemma2b, 4_478_976],
    ['SmolLM2-135M', smollm, 1_036_800],
  ])('of PARA on %s at rank 12', (_name, model, count) => {
    expect(adapterParameters(para(), model)).toBe(count);
  });

  it('of the options and the baselines on SmolLM2-135M', () => {
    const qvu = 576 + 192 + 1536;
    const wide = 576 + 192 + 192 + 576 + 1536 + 1536 + 576;
    expect(adapterParameters(para({ pooler: 'attention' }), smollm)).toBe(1_036_800 + 30 * 576);
    expect(adapterParameters(para({ activation: 'rational' }), smollm)).toBe(1_036_800 + 30 * 6);
    expect(adapterParameters(para({ bias: true }), smollm)).toBe(1_036_800 + 30 * qvu);
    expect(adapterParameters(para({ targets: 'wide', bias: true }), smollm)).toBe(30 * (12 * (576 + wide) + wide));
    const lora = adapterConfigSchema.parse({ method: 'lora', rank: 8 });
    expect(adapterParameters(lora, smollm)).toBe(30 * 8 * (576 + 576 + 576 + 192 + 576 + 1536));
    expect(adapterParameters({ method: 'ia3' }, smollm)).toBe(30 * (2 * 192 + 1536));
  });

  it('of what a decode step reads: vectors, not matrices', () => {
    expect(decodeNumbers(para(), smollm)).toBe(69_120);
  });
});

describe('initAdapter', () => {
  it('is the same for the same seed and fills every tensor', () => {
    const config = para({ bias: true, pooler: 'attention' });
    const a = initAdapter(config, tinySpec, 5);
    expect(a).toEqual(initAdapter(config, tinySpec, 5));
    expect(a.get('layers.0.down')).not.toEqual(initAdapter(config, tinySpec, 6).get('layers.0.down'));
    expect([...a.keys()]).toEqual([...adapterTensors(config, tinySpec).keys()]);
    const down = a.get('layers.1.down')!;
    const variance = down.reduce((sum, x) => sum + x * x, 0) / down.length;
    expect(variance * tinySpec.width).toBeGreaterThan(0.8);
    expect(variance * tinySpec.width).toBeLessThan(1.2);
  });
});
