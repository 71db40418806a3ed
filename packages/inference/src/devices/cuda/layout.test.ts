import { tinySpec } from '@parapet/models/testing';
import { describe, expect, it } from 'vitest';
import { scaleLayout } from '../../graph/row-scales.ts';
import { rowBuckets } from './decode-step.ts';
import { attentionWarps, definitions, ScalesCodec, widthsOf } from './layout.ts';

const spec = { ...tinySpec, headDim: 16 };

describe('what the CUDA kernels are built for', () => {
  it('runs every batch in a recording that holds it, and none larger than the batch may be', () => {
    for (const most of [1, 5, 64, 100, 256, 300]) {
      const buckets = rowBuckets(most);
      expect(buckets.at(-1)).toBe(most);
      expect(buckets).toEqual([...new Set(buckets)].sort((a, b) => a - b));
    }
  });

  it('keeps attention within the shared memory that every card has', () => {
    for (const headDim of [16, 64, 128]) {
      const wide = { ...spec, headDim, heads: 32, kvHeads: 4 };
      const teams = attentionWarps(wide, 'float16') * (32 / (headDim / 8));
      expect(teams * 8 * headDim * 4).toBeLessThan(48_000);
    }
  });

  it('refuses heads that no kernel has', () => {
    expect(() => definitions({ ...spec, headDim: 80 }, 'float16')).toThrow("this model's have 80");
  });
});

describe('scales between the engine and the kernels', () => {
  const codec = new ScalesCodec(spec, widthsOf(spec));

  it.each(['qvu', 'wide'] as const)('go there and back: %s', (variant) => {
    const { length, parts } = scaleLayout(spec, variant);
    const numbers = Float32Array.from({ length }, (_, i) => i + 2);
    const there = new Float32Array(codec.length);
    codec.expand(variant, numbers, there);
    const back = codec.pick(variant, there);
    if (variant === 'wide') {
      expect(back).toEqual(numbers);
      return;
    }
    const { q, qkv } = widthsOf(spec);
    for (const { linear, offset, width } of parts) {
      for (let i = 0; i < width; i++) {
        const isKey = linear === 'qkv' && i >= q && i < (q + qkv) / 2;
        expect(back[offset + i]).toBe(isKey ? 1 : numbers[offset + i]);
      }
    }
  });

  it('are ones where nothing is scaled', () => {
    const there = new Float32Array(codec.length);
    codec.expand('qvu', new Float32Array(scaleLayout(spec, 'qvu').length).fill(3), there);
    const { scaleAt, scales } = widthsOf(spec);
    expect(there[scaleAt.o]).toBe(1);
    expect(there[scales + scaleAt.gate]).toBe(1);
    expect(there[scaleAt.up]).toBe(3);
  });
});
