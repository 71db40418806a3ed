import { tinySpec } from '@parapet/models/testing';
import { describe, expect, it } from 'vitest';
import { bindingAlignment, gpuWidths, shaderConstants, splitsFor } from './layout.ts';

describe('what the WebGPU kernels are made for', () => {
  it('splits a product so that every part has work, and large ones not at all', () => {
    for (const rows of [1, 16, 17, 64, 200, 2048]) {
      for (const [n, k] of [
        [576, 1536],
        [960, 576],
        [48, 40],
      ] as const) {
        const splits = splitsFor(rows, n, k);
        const depth = Math.ceil(k / 32);
        expect(splits).toBeGreaterThanOrEqual(1);
        expect((splits - 1) * Math.ceil(depth / splits)).toBeLessThan(depth);
      }
    }
    expect(splitsFor(64, 576, 1536)).toBeGreaterThan(8);
    expect(splitsFor(2048, 3072, 576)).toBe(1);
  });

  it("begins each layer's scales where a binding may begin", () => {
    for (const ffn of [80, 96, 1536]) {
      expect((gpuWidths({ ...tinySpec, ffn }).scales * 4) % bindingAlignment).toBe(0);
    }
  });

  it('refuses shapes that no kernel has', () => {
    expect(() => shaderConstants({ ...tinySpec, headDim: 20 })).toThrow('heads of 20');
    expect(() => shaderConstants({ ...tinySpec, headDim: 16, heads: 32, kvHeads: 1 })).toThrow('1 key heads');
  });
});
