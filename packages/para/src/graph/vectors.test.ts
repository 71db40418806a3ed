import { adapterConfigSchema, type LinearName, type ParaConfig } from '@parapet/contracts/adapter';
import { Random } from '@parapet/models/random';
import { linearWidths } from '@parapet/models/spec';
import { tinySpec } from '@parapet/models/testing';
import { evaluate } from '@parapet/onnx-graph/evaluate';
import { Graph } from '@parapet/onnx-graph/graph';
import { type NdArray, ndarray } from '@parapet/onnx-graph/ndarray';
import { describe, expect, it } from 'vitest';
import { poolWeights } from '../pooling.ts';
import { referenceVectors } from '../reference.ts';
import { layerTensors, vectorSlices } from '../tensors.ts';
import { adaptLayer } from './adapt.ts';
import { packQkv } from './pack.ts';
import { paraVectors } from './vectors.ts';

const d = tinySpec.width;
const lengths = [5, 3];
const columns = 6;

const configs: ParaConfig[] = [];
for (const pooler of ['mean', 'last', 'attention', 'max'] as const)
  for (const activation of ['gelu', 'silu', 'rational'] as const)
    for (const targets of ['qvu', 'wide'] as const)
      configs.push({ method: 'para', rank: 3, pooler, activation, targets, bias: activation === 'silu' });

function randomLayer(config: Parameters<typeof layerTensors>[0], random: Random): Map<string, NdArray> {
  const tensors = new Map<string, NdArray>();
  for (const [name, { shape }] of layerTensors(config, tinySpec)) {
    const size = shape.reduce((product, length) => product * length, 1);
    tensors.set(name, ndarray(shape, random.normals(size, 0.4)));
  }
  return tensors;
}

/** Two rows of different lengths; what is padding holds large numbers. */
function hidden(random: Random): NdArray {
  const data = Float64Array.from(random.normals(2 * columns * d, 1));
  for (const [row, length] of lengths.entries()) data.fill(1e3, (row * columns + length) * d, (row + 1) * columns * d);
  return ndarray([2, columns, d], data);
}

/** A graph with the layer's tensors and the hidden states as inputs. */
function graphOf(tensors: Map<string, NdArray>) {
  const g = new Graph('vectors');
  const normed = g.input('normed', 'float64', ['B', 'S', d]);
  const weights = g.input('pool_weights', 'float64', ['B', 1, 'S']);
  const inputs = new Map([...tensors].map(([name, { shape }]) => [name, g.input(name, 'float64', shape)]));
  return { g, normed, weights, tensor: (name: string) => inputs.get(name)! };
}

const feeds = (config: ParaConfig, tensors: Map<string, NdArray>, h: NdArray) => ({
  ...Object.fromEntries(tensors),
  normed: h,
  pool_weights: ndarray([2, 1, columns], Float64Array.from(poolWeights(config.pooler, lengths, columns))),
});

const rowOf = (h: NdArray, row: number) =>
  Array.from({ length: lengths[row]! }, (_, t) =>
    h.data.subarray((row * columns + t) * d, (row * columns + t + 1) * d),
  );

describe('paraVectors', () => {
  it.each(configs)('is the formula: $pooler $activation $targets', (config) => {
    const random = new Random(9);
    const tensors = randomLayer(config, random);
    const h = hidden(random);
    const { g, normed, weights, tensor } = graphOf(tensors);
    const vectors = paraVectors(config, tinySpec, tensor, { normed, poolWeights: weights, strength: 0.7 });
    const slices = vectorSlices(config, tinySpec);
    const results = evaluate(
      g,
      feeds(config, tensors, h),
      slices.map(({ linear }) => vectors[linear]!),
    );
    for (const row of [0, 1]) {
      const expected = referenceVectors(config, tinySpec, (name) => tensors.get(name)!.data, rowOf(h, row), 0.7);
      slices.forEach(({ linear, width }, i) => {
        expect(results[i]!.shape).toEqual([2, 1, width]);
        const got = results[i]!.data.subarray(row * width, (row + 1) * width);
        // the pool weights are float32
        for (let j = 0; j < width; j++) expect(got[j]).toBeCloseTo(expected[linear]![j]!, 5);
      });
    }
  });

  it('gives every row its own adapter when tensors have a batch axis', () => {
    const config = configs.find((c) => c.pooler === 'attention' && c.activation === 'silu')!;
    const random = new Random(4);
    const layers = [randomLayer(config, random), randomLayer(config, random)];
    const h = hidden(random);
    const stacked = new Map(
      [...layers[0]!].map(([name, { shape, data }]) => {
        const wide = name === 'pool' ? [2, ...shape, 1] : name === 'bias' ? [2, 1, ...shape] : [2, ...shape];
        return [name, ndarray(wide, [...data, ...layers[1]!.get(name)!.data])];
      }),
    );
    const { g, normed, weights, tensor } = graphOf(stacked);
    const vectors = paraVectors(config, tinySpec, tensor, { normed, poolWeights: weights });
    const [q] = evaluate(g, feeds(config, stacked, h), [vectors.q!]);
    for (const row of [0, 1]) {
      const expected = referenceVectors(config, tinySpec, (name) => layers[row]!.get(name)!.data, rowOf(h, row));
      expect(q!.data[row * 32 + 7]).toBeCloseTo(expected.q![7]!, 5);
    }
  });

  it('is exactly one when W_up and bias are zero', () => {
    for (const config of configs) {
      const random = new Random(1);
      const tensors = randomLayer(config, random);
      for (const name of ['up', 'bias']) tensors.get(name)?.data.fill(0);
      const { g, normed, weights, tensor } = graphOf(tensors);
      const vectors = paraVectors(config, tinySpec, tensor, { normed, poolWeights: weights, strength: 1.5 });
      for (const array of evaluate(g, feeds(config, tensors, hidden(random)), Object.values(vectors)))
        expect(array.data.every((x) => x === 1)).toBe(true);
    }
  });

  it('packs q, k and v with ones where nothing is adapted', () => {
    const config = configs.find((c) => c.targets === 'qvu')!;
    const random = new Random(2);
    const tensors = randomLayer(config, random);
    const { g, normed, weights, tensor } = graphOf(tensors);
    const vectors = paraVectors(config, tinySpec, tensor, { normed, poolWeights: weights });
    const packed = packQkv(vectors, tinySpec, 'B')!;
    expect(packed.shape).toEqual(['B', 1, 64]);
    const [all, q, v] = evaluate(g, feeds(config, tensors, hidden(random)), [packed, vectors.q!, vectors.v!]);
    const row = all!.data.subarray(64, 128);
    expect([...row.subarray(0, 32)]).toEqual([...q!.data.subarray(32, 64)]);
    expect([...row.subarray(32, 48)]).toEqual(Array(16).fill(1));
    expect([...row.subarray(48)]).toEqual([...v!.data.subarray(16, 32)]);
  });
});

describe('adaptLayer', () => {
  const linears: LinearName[] = ['q', 'k', 'v', 'o', 'gate', 'up', 'down'];

  function adapted(config: Parameters<typeof layerTensors>[0], linear: LinearName, strength?: number) {
    const random = new Random(8);
    const tensors = randomLayer(config, random);
    const { g, normed, weights, tensor } = graphOf(tensors);
    const [inWidth, outWidth] = linearWidths(tinySpec)[linear];
    const input = g.input('x', 'float64', ['B', 'S', inWidth]);
    const output = g.input('y', 'float64', ['B', 'S', outWidth]);
    const adapt = adaptLayer(config, tinySpec, tensor, { normed, poolWeights: weights, strength });
    const result = adapt(linear, input, output);
    const x = ndarray([1, 1, inWidth], Float64Array.from(random.normals(inWidth, 1)));
    const y = ndarray([1, 1, outWidth], Float64Array.from(random.normals(outWidth, 1)));
    const feed = {
      ...Object.fromEntries(tensors),
      x,
      y,
      normed: ndarray([1, 1, d], 1),
      pool_weights: ndarray([1, 1, 1], 1),
    };
    return { got: evaluate(g, feed, [result])[0]!.data, x: x.data, y: y.data, tensors, same: result === output };
  }

  it('adds LoRA: y + s·α/r·(x·A)·B', () => {
    const config = adapterConfigSchema.parse({ method: 'lora', rank: 2, alpha: 6, linears: ['o', 'down'] });
    const { got, x, y, tensors } = adapted(config, 'down', 0.5);
    const [a, b] = [tensors.get('down.a')!.data, tensors.get('down.b')!.data];
    const inner = [0, 1].map((j) => x.reduce((sum, xi, i) => sum + xi * a[i * 2 + j]!, 0));
    for (let i = 0; i < y.length; i++)
      expect(got[i]).toBeCloseTo(y[i]! + 0.5 * 3 * (inner[0]! * b[i]! + inner[1]! * b[y.length + i]!), 10);
    expect(linears.filter((linear) => !adapted(config, linear).same)).toEqual(['o', 'down']);
  });

  it('multiplies by (IA)³ vectors, faded by the strength', () => {
    const { got, y, tensors } = adapted({ method: 'ia3' }, 'up', 0.25);
    const scale = tensors.get('up.scale')!.data;
    for (let i = 0; i < y.length; i++) expect(got[i]).toBeCloseTo(y[i]! * (1 + 0.25 * (scale[i]! - 1)), 10);
    expect(linears.filter((linear) => !adapted({ method: 'ia3' }, linear).same)).toEqual(['k', 'v', 'up']);
  });

  it.each(['qvu', 'wide'] as const)('scales the linears of %s', (targets) => {
    const config = configs.find((c) => c.targets === targets)!;
    const changed = linears.filter((linear) => !adapted(config, linear).same);
    expect(changed).toEqual(targets === 'wide' ? linears : ['q', 'v', 'up']);
  });
});

describe('poolWeights', () => {
  it('counts the prompt and nothing else', () => {
    expect([...poolWeights('mean', [2, 3], 4)].map((x) => Math.round(x * 6))).toEqual([3, 3, 0, 0, 2, 2, 2, 0]);
    expect([...poolWeights('last', [2, 3], 4)]).toEqual([0, 1, 0, 0, 0, 0, 1, 0]);
    expect(() => poolWeights('mean', [5], 4)).toThrow(/5 tokens in 4 positions/);
    expect(() => poolWeights('mean', [0], 4)).toThrow(RangeError);
  });
});
