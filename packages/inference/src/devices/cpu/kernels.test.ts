import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { real } from '@parapet/onnx-graph/attributes';
import { encodeModel } from '@parapet/onnx-graph/encode';
import { Graph } from '@parapet/onnx-graph/graph';
import { Runtime, Tensor } from '@parapet/runtime';
import { describe, expect, test, vi } from 'vitest';
import { ownDomain } from '../../graph/block-linear.ts';
import { bfloat16Bits, bfloat16Value } from '../../weights/bfloat16.ts';
import { packPanels, panelBlock } from '../../weights/pack-panels.ts';
import { availableInstructions, findKernels } from './kernel-library.ts';

const runtime = Runtime.open({ sharedThreads: { threads: 2, spinning: true } });
const folder = mkdtempSync(join(tmpdir(), 'parapet-kernels-'));
const builds = availableInstructions().flatMap((instructions) => {
  const { kernels } = findKernels(folder, instructions);
  return kernels === null ? [] : [kernels];
});

/** Numbers in (−1, 1) from a seed, some rows of them with an outlier. */
function numbers(seed: number, count: number, size = 1): Float32Array {
  let state = seed * 7919 + 1;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const spike = state % 997 === 0 ? 30 : 1;
    return spike * size * (state / 2 ** 31 - 1);
  });
}

/** A scale as it counts: L − 1 in bfloat16. */
const rounded = (scale: number) => 1 + bfloat16Value(bfloat16Bits(Math.fround(scale - 1)));

type Feeds = Record<
  string,
  { dtype: 'float32' | 'bfloat16' | 'uint8' | 'int8' | 'int32'; shape: number[]; data: ArrayBufferView }
>;

/** Runs one of our operators once; inputs left out are null. */
function run(
  library: (typeof builds)[number]['library'],
  op: string,
  inputs: Feeds,
  order: (string | null)[],
  attributes: Parameters<Graph['contrib']>[2],
  output: 'float32' | 'int32' = 'float32',
): Float32Array | Int32Array {
  const g = new Graph('kernel');
  const values = Object.fromEntries(
    Object.entries(inputs).map(([name, { dtype, shape }]) => [name, g.input(name, dtype, shape)]),
  );
  const result = [{ dtype: output, shape: ['A', 'B', 'C'] }] as const;
  const [y] = g.contrib(
    op,
    order.map((name) => (name === null ? null : values[name]!)),
    attributes,
    [op === 'LargestIndex' ? { dtype: output, shape: ['A', 'B'] } : result[0]],
    ownDomain,
  );
  g.output('y', y!);
  const session = runtime.createSession({ bytes: encodeModel(g) }, { operators: [library] });
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, { dtype, shape, data }]) => [
      name,
      Tensor.over(runtime, dtype, shape, data as never),
    ]),
  );
  const out = session.run(feeds, { y: null }).y!;
  const copy = (out.data as Float32Array | Int32Array).slice();
  out.release();
  session.release();
  for (const tensor of Object.values(feeds)) tensor.release();
  return copy;
}

/** A matrix as packed, and the numbers that its 8 bits stand for, `[out, in]`. */
function matrix(seed: number, N: number, K: number) {
  const { data, shape } = packPanels(numbers(seed, N * K, 0.05), N, K);
  const blocks = Math.ceil(K / panelBlock);
  const exact = new Float64Array(N * K);
  const bits = new DataView(new ArrayBuffer(4));
  for (let n = 0; n < N; n++) {
    const panel = Math.floor(n / 16) * shape[1];
    for (let k = 0; k < K; k++) {
      const block = Math.floor(k / panelBlock);
      const inBlock = k % panelBlock;
      const at = panel + block * 1024 + Math.floor(inBlock / 4) * 64 + (n % 16) * 4 + (inBlock % 4);
      const scaleAt = panel + blocks * 1024 + (block * 16 + (n % 16)) * 2;
      bits.setUint32(0, (data[scaleAt]! | (data[scaleAt + 1]! << 8)) << 16);
      exact[n * K + k] = ((data[at]! << 24) >> 24) * bits.getFloat32(0);
    }
  }
  return { exact, feed: { dtype: 'uint8' as const, shape: [...shape] as number[], data } };
}

const silu = (x: number) => x / (1 + Math.exp(-x));
const geluTanh = (x: number) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

/** Largest error as a share of the largest number. */
function error(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let most = 0;
  let size = 0;
  for (let i = 0; i < expected.length; i++) {
    most = Math.max(most, Math.abs(found[i]! - expected[i]!));
    size = Math.max(size, Math.abs(expected[i]!));
  }
  expect(found.length).toBe(expected.length);
  return most / size;
}

test('a weight comes back within half a step, whatever the shape', () => {
  for (const [N, K] of [
    [16, 64],
    [5, 40],
    [33, 200],
  ] as const) {
    const weights = numbers(N, N * K, 0.05);
    const { exact } = matrix(N, N, K);
    for (let n = 0; n < N; n++) {
      for (let k = 0; k < K; k++) {
        const block = Math.floor(k / panelBlock) * panelBlock;
        const most = Math.max(
          ...weights.subarray(n * K + block, n * K + Math.min(block + panelBlock, K)).map(Math.abs),
        );
        expect(Math.abs(exact[n * K + k]! - weights[n * K + k]!)).toBeLessThanOrEqual((most / 127) * 0.51);
      }
    }
  }
});

test('says what to install where there is no compiler', () => {
  vi.stubEnv('PATH', '/nowhere');
  const found = findKernels(folder);
  vi.unstubAllEnvs();
  expect(found.kernels).toBeNull();
  expect('reason' in found && found.reason).toMatch(availableInstructions().length > 0 ? /install g\+\+/ : /x64/);
});

describe.each(builds)('$instructions', ({ library }) => {
  const product = (
    x: Float32Array,
    rows: number,
    K: number,
    N: number,
    w: ReturnType<typeof matrix>,
    more: Feeds = {},
    gate = 0,
    scales_in_tiles = 0,
  ) =>
    run(
      library,
      'BlockLinear',
      { x: { dtype: 'float32', shape: [rows, 1, K], data: x }, w: w.feed, ...more },
      ['x', 'w', ...['gateW', 'gain', 'scale', 'gateScale', 'residual'].map((name) => (name in more ? name : null))],
      { K, N, gate, scales_in_tiles, epsilon: real(1e-5) },
    ) as Float32Array;

  test('a product is that of float64 up to 15 bits of the activations', () => {
    for (const [rows, K, N] of [
      [1, 64, 16],
      [3, 40, 5],
      [5, 576, 100],
      [16, 200, 33],
      [17, 130, 47],
      [300, 96, 20],
    ] as const) {
      const x = numbers(rows, rows * K);
      const w = matrix(N, N, K);
      const found = product(x, rows, K, N, w);
      expect(found.length).toBe(rows * N);
      for (let r = 0; r < rows; r++) {
        const row = x.subarray(r * K, (r + 1) * K);
        const steps = Array.from({ length: Math.ceil(K / panelBlock) }, (_, block) => {
          const part = row.subarray(block * panelBlock, (block + 1) * panelBlock);
          return Math.max(...part.map(Math.abs)) / 16256;
        });
        for (let n = 0; n < N; n++) {
          let expected = 0;
          let bound = 1e-5; // of float32 sums
          for (let k = 0; k < K; k++) {
            expected += row[k]! * w.exact[n * K + k]!;
            bound += Math.abs(w.exact[n * K + k]!) * steps[Math.floor(k / panelBlock)]! * 0.51;
          }
          expect(Math.abs(found[r * N + n]! - expected), `${rows} × ${K} × ${N}`).toBeLessThan(bound);
        }
      }
    }
  });

  test('norm, scales, gate and residual are folded in as written', () => {
    const [rows, K, N] = [6, 72, 24] as const;
    const x = numbers(1, rows * K);
    const [w, gateW] = [matrix(2, N, K), matrix(3, N, K)];
    const gain = numbers(4, K);
    const [scale, gateScale, residual] = [5, 6, 7].map((seed) => numbers(seed, rows * N)) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const rowed = (data: Float32Array) => ({ dtype: 'float32' as const, shape: [rows, 1, N], data });
    const more: Feeds = {
      gateW: gateW.feed,
      gain: { dtype: 'float32', shape: [K], data: gain },
      scale: rowed(scale),
      gateScale: rowed(gateScale),
      residual: rowed(residual),
    };
    for (const [gate, activation] of [
      [1, silu],
      [2, geluTanh],
    ] as const) {
      const expected = new Float64Array(rows * N);
      for (let r = 0; r < rows; r++) {
        const row = x.subarray(r * K, (r + 1) * K);
        const norm = 1 / Math.sqrt(row.reduce((sum, value) => sum + value * value, 0) / K + 1e-5);
        const dot = ({ exact }: typeof w, n: number) =>
          row.reduce((sum, value, k) => sum + value * norm * gain[k]! * exact[n * K + k]!, 0);
        for (let n = 0; n < N; n++) {
          const at = r * N + n;
          const gated = activation(dot(gateW, n) * rounded(gateScale[at]!));
          expected[at] = dot(w, n) * rounded(scale[at]!) * gated + residual[at]!;
        }
      }
      expect(error(product(x, rows, K, N, w, more, gate), expected)).toBeLessThan(2e-4);
    }
  });

  test('scales in tiles scale as scales by row do, to the bit, more slots than rows', () => {
    const [rows, slots, K, N] = [19, 32, 72, 40] as const;
    const panels = Math.ceil(N / 16);
    const x = numbers(1, rows * K);
    const [w, gateW] = [matrix(2, N, K), matrix(3, N, K)];
    const both = [5, 6].map((seed) => {
      const byRow = numbers(seed, rows * N);
      const inTiles = new Uint16Array(panels * slots * 16).fill(0x7fc0); // NaN where no row is
      for (let row = 0; row < rows; row++) {
        const tile = Math.floor(row / 16) * panels;
        for (let n = 0; n < N; n++) {
          const at = ((tile + Math.floor(n / 16)) * 16 + (row % 16)) * 16 + (n % 16);
          inTiles[at] = bfloat16Bits(Math.fround(byRow[row * N + n]! - 1));
        }
      }
      return {
        byRow: { dtype: 'float32' as const, shape: [rows, 1, N], data: byRow },
        inTiles: { dtype: 'bfloat16' as const, shape: [slots / 16, panels, 16, 16], data: inTiles },
      };
    });
    const [expected, found] = (['byRow', 'inTiles'] as const).map((form) =>
      product(
        ...([x, rows, K, N, w] as const),
        { gateW: gateW.feed, scale: both[0]![form], gateScale: both[1]![form] },
        1,
        Number(form === 'inTiles'),
      ),
    );
    expect(found).toEqual(expected);
  });

  test('a row’s result is the same alone and in any company, to the bit', () => {
    const [rows, K, N] = [40, 136, 50] as const;
    const x = numbers(9, rows * K);
    const w = matrix(10, N, K);
    const together = product(x, rows, K, N, w);
    for (const count of [1, 2, 3, 4, 7, 16, 31]) {
      const some = product(x.slice(0, count * K), count, K, N, w);
      expect(some, `${count} rows`).toEqual(together.slice(0, count * N));
    }
  });

  test('a number that is none stays in its row', () => {
    const [rows, K, N] = [20, 64, 16] as const;
    const w = matrix(11, N, K);
    const x = numbers(12, rows * K);
    const clean = product(x, rows, K, N, w);
    x[3 * K + 5] = Number.NaN;
    x[7 * K + 1] = Number.POSITIVE_INFINITY;
    const found = product(x, rows, K, N, w);
    for (let r = 0; r < rows; r++) {
      const row = found.slice(r * N, (r + 1) * N);
      if (r === 3 || r === 7) expect(row.every(Number.isNaN)).toBe(true);
      else expect(row).toEqual(clean.slice(r * N, (r + 1) * N));
    }
  });

  test('attention is that of float64 over what the cache holds, and writes the new position', () => {
    for (const [heads, kvHeads, d] of [
      [9, 3, 64],
      [4, 2, 16],
      [6, 1, 48],
    ] as const) {
      const [rows, capacity, context] = [3, 96, 80] as const;
      const last = Int32Array.of(0, 37, 79);
      const width = (heads + 2 * kvHeads) * d;
      const packed = numbers(20 + heads, rows * width);
      const [cos, sin] = [Math.cos, Math.sin].map((f) =>
        Float32Array.from({ length: (context * d) / 2 }, (_, i) =>
          f(Math.floor(i / (d / 2)) / 50 ** ((i % (d / 2)) / (d / 2))),
        ),
      ) as [Float32Array, Float32Array];
      const [keyScales, valueScales] = [31, 32].map((seed) =>
        numbers(seed, kvHeads * d).map((x) => 0.01 * (2 + x / 30)),
      ) as [Float32Array, Float32Array];
      const [keys, values] = [41, 42].map((seed) =>
        Int8Array.from(numbers(seed, rows * kvHeads * capacity * d), (x) => Math.max(-127, Math.min(127, x * 127))),
      ) as [Int8Array, Int8Array];
      const cache = [rows, kvHeads, capacity, d];
      const found = run(
        library,
        'CachedAttention',
        {
          packed: { dtype: 'float32', shape: [rows, 1, width], data: packed },
          keys: { dtype: 'int8', shape: cache, data: keys },
          values: { dtype: 'int8', shape: cache, data: values },
          last: { dtype: 'int32', shape: [rows], data: last },
          cos: { dtype: 'float32', shape: [context, d / 2], data: cos },
          sin: { dtype: 'float32', shape: [context, d / 2], data: sin },
          keyScales: { dtype: 'float32', shape: [kvHeads * d], data: keyScales },
          valueScales: { dtype: 'float32', shape: [kvHeads * d], data: valueScales },
        },
        ['packed', 'keys', 'values', 'last', 'cos', 'sin', 'keyScales', 'valueScales'],
        { heads, kv_heads: kvHeads },
      ) as Float32Array;
      const expected = new Float64Array(rows * heads * d);
      for (let row = 0; row < rows; row++) {
        const position = last[row]!;
        const turned = (head: number) =>
          Array.from({ length: d }, (_, i) => {
            const at = row * width + head * d;
            const pair = i < d / 2 ? -packed[at + i + d / 2]! : packed[at + i - d / 2]!;
            const angle = position * (d / 2) + (i % (d / 2));
            return packed[at + i]! * cos[angle]! + pair * sin[angle]!;
          });
        for (let head = 0; head < heads; head++) {
          const kv = Math.floor((head * kvHeads) / heads);
          const base = (row * kvHeads + kv) * capacity * d;
          const query = turned(head);
          const key = (p: number, i: number) => keys[base + p * d + i]! * keyScales[kv * d + i]!;
          const scores = Array.from(
            { length: position + 1 },
            (_, p) => query.reduce((sum, x, i) => sum + x * key(p, i), 0) / Math.sqrt(d),
          );
          const most = Math.max(...scores);
          const total = scores.reduce((sum, score) => sum + Math.exp(score - most), 0);
          for (let i = 0; i < d; i++) {
            expected[(row * heads + head) * d + i] = scores.reduce(
              (sum, score, p) =>
                sum + (Math.exp(score - most) / total) * values[base + p * d + i]! * valueScales[kv * d + i]!,
              0,
            );
          }
          if (head !== (kv * heads) / kvHeads) continue;
          turned(heads + kv).forEach((x, i) => {
            expect(key(position, i)).toBeCloseTo(
              Math.max(-127, Math.min(127, Math.round(x / keyScales[kv * d + i]!))) * keyScales[kv * d + i]!,
              1,
            );
          });
        }
      }
      expect(error(found, expected), `${heads} heads of ${d}`).toBeLessThan(1e-3);
    }
  });

  test('a prompt at once attends and writes as its positions do one by one, to the bit', () => {
    const [heads, kvHeads, d, length, capacity] = [9, 3, 64, 37, 64] as const;
    const width = (heads + 2 * kvHeads) * d;
    const packed = numbers(60, length * width);
    const table = Float32Array.from({ length: (capacity * d) / 2 }, (_, i) => Math.cos(i));
    const scales = new Float32Array(kvHeads * d).fill(0.02);
    const attend = (from: number, to: number, cache: { keys: Int8Array; values: Int8Array }) =>
      run(
        library,
        'CachedAttention',
        {
          packed: { dtype: 'float32', shape: [1, to - from, width], data: packed.slice(from * width, to * width) },
          keys: { dtype: 'int8', shape: [1, kvHeads, capacity, d], data: cache.keys },
          values: { dtype: 'int8', shape: [1, kvHeads, capacity, d], data: cache.values },
          last: { dtype: 'int32', shape: [1], data: Int32Array.of(to - 1) },
          table: { dtype: 'float32', shape: [capacity, d / 2], data: table },
          scales: { dtype: 'float32', shape: [kvHeads * d], data: scales },
        },
        ['packed', 'keys', 'values', 'last', 'table', 'table', 'scales', 'scales'],
        { heads, kv_heads: kvHeads },
      );
    const empty = () => ({
      keys: new Int8Array(kvHeads * capacity * d),
      values: new Int8Array(kvHeads * capacity * d),
    });
    const [whole, single] = [empty(), empty()];
    const together = attend(0, length, whole);
    const alone = Array.from({ length }, (_, position) => [...attend(position, position + 1, single)]).flat();
    expect([...together]).toEqual(alone);
    expect(whole).toEqual(single);
    expect(whole.keys.some((x) => x !== 0)).toBe(true);
  });

  test('the likeliest is the first of the largest, −1 where there is no number', () => {
    const width = 1003;
    const rows = 4;
    const x = numbers(50, rows * width);
    x[0 * width + 700] = x[0 * width + 20] = 900;
    x[1 * width + 1002] = 900;
    x.fill(Number.NaN, 2 * width, 3 * width);
    x[3 * width + 4] = Number.NaN;
    const expected = [0, 1, 2, 3].map((row) => {
      let at = -1;
      for (let i = 0; i < width; i++) if (x[row * width + i]! > (at < 0 ? -Infinity : x[row * width + at]!)) at = i;
      return at;
    });
    const feeds: Feeds = { x: { dtype: 'float32', shape: [rows, 1, width], data: x } };
    expect([...run(library, 'LargestIndex', feeds, ['x'], {}, 'int32')]).toEqual(expected);
    expect(expected.slice(0, 3)).toEqual([20, 1002, -1]);
  });
});
