import type { ModelSpec } from '@parapet/models/spec';
import { expect, it } from 'vitest';
import { scaleLayout } from '../graph/row-scales.ts';
import { summariseScales } from './summarise-scales.ts';

it('tells the packed linears apart and counts only what an adapter scales', () => {
  const spec: ModelSpec = {
    architecture: 'llama',
    layers: 2,
    width: 8,
    heads: 2,
    kvHeads: 1,
    headDim: 4,
    ffn: 16,
    vocab: 10,
    ropeTheta: 10_000,
    eps: 1e-5,
    context: 16,
    tiedHead: true,
    activation: 'silu',
  };
  const layout = scaleLayout(spec, 'qvu');
  const numbers = new Float32Array(layout.length).fill(1);
  const packed = layout.parts.find(({ layer, linear }) => layer === 1 && linear === 'qkv')!;
  numbers[packed.offset] = 3; // one of the 8 of Q
  numbers[packed.offset + 8 + 4] = 0; // one of the 4 of V
  const { linears, values } = summariseScales(spec, { variant: 'qvu', numbers });
  expect(linears).toEqual(['q', 'v', 'up']);
  expect(values).toEqual([
    [0, 0, 0],
    [2 / 8, 1 / 4, 0],
  ]);
});
