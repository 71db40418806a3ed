import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BaseModel } from '@parapet/models/open';
import { type WeightName, weightShapes } from '@parapet/models/spec';
import { tinyModel } from '@parapet/models/testing';
import { ModelWeights, Weight } from '@parapet/models/weights';
import { float16Bits } from '@parapet/onnx-graph/float16';
import { expect, test } from 'vitest';
import { cpuDevice } from '../devices/cpu/cpu-device.ts';
import { quantise8 } from './quantise.ts';
import { openServingWeights, type WeightKind } from './serving-weights.ts';

const folder = mkdtempSync(join(tmpdir(), 'parapet-weights-'));

/** The numbers in Q4_1 blocks, as a GGUF file has them: half d, half m, 16 bytes. */
function q41(numbers: Float32Array): Uint8Array {
  const raw = new Uint8Array((numbers.length / 32) * 20);
  const view = new DataView(raw.buffer);
  for (let block = 0; block < numbers.length / 32; block++) {
    const part = numbers.subarray(block * 32, block * 32 + 32);
    const min = Math.min(...part);
    const step = (Math.max(...part) - min) / 15;
    view.setUint16(block * 20, float16Bits(step), true);
    view.setUint16(block * 20 + 2, float16Bits(min), true);
    const q = Array.from(part, (x) => Math.max(0, Math.min(15, Math.round((x - min) / step))));
    for (let i = 0; i < 16; i++) raw[block * 20 + 4 + i] = q[i]! | (q[i + 16]! << 4);
  }
  return raw;
}

/** A tiny model whose linears are stored in Q4_1. */
function fourBitModel(): BaseModel {
  const model = tinyModel(5, { width: 64, headDim: 16, heads: 4, kvHeads: 2, ffn: 96 });
  const weights = new Map<WeightName, Weight>();
  for (const [name, shape] of weightShapes(model.spec)) {
    const original = model.weights.get(name);
    const linear = shape.length === 2 && name !== 'embed';
    const raw = linear ? q41(original.readFloat32()) : original.readRaw();
    weights.set(name, new Weight(name, linear ? 'q4_1' : 'float32', shape, () => raw.slice()));
  }
  return { ...model, weights: new ModelWeights(weights, () => {}) };
}

async function logitsOf(model: BaseModel, kind: WeightKind): Promise<Float32Array> {
  const weights = openServingWeights({ model, kind, folder, blockSize: 16 });
  const runner = await cpuDevice({ threads: 1 }).createRunner({ spec: model.spec, weights, maxRows: 1, kvTokens: 256 });
  const run = runner.beginPrefill(0, [3, 40, 99, 120, 7], { kind: 'base' });
  await run.advance(run.remainingLayers);
  const logits = await run.lastLogits();
  run.release();
  await runner.close();
  return logits;
}

test('8 bits, and a Q4_1 file’s own 4, give the logits of fp32 up to the rounding of activations', async () => {
  const model = fourBitModel();
  const expected = await logitsOf(model, 'fp32');
  const spread = Math.sqrt(expected.reduce((sum, x) => sum + x * x, 0) / expected.length);
  for (const kind of ['int8', 'q4'] as const) {
    const found = await logitsOf(model, kind);
    const error = Math.sqrt(found.reduce((sum, x, i) => sum + (x - expected[i]!) ** 2, 0) / expected.length);
    expect(error / spread, kind).toBeLessThan(0.05);
    expect(error, kind).toBeGreaterThan(0);
  }
});

test('four bits of a file that has none are refused, saying what to serve instead', () => {
  expect(() => openServingWeights({ model: tinyModel(1), kind: 'q4', folder, blockSize: 16 })).toThrow(
    /not Q4_1: serve this model in int8/,
  );
});

test('8-bit rounding is off by half a step at most, and a short last block is filled up', () => {
  const numbers = Float32Array.from({ length: 2 * 40 }, (_, i) => Math.sin(i * 1.7) * (i + 1));
  const { values, scales } = quantise8(numbers, 2, 40, 16);
  expect(values.length).toBe(2 * 3 * 16);
  for (let row = 0; row < 2; row++) {
    for (let column = 0; column < 40; column++) {
      const block = row * 3 + Math.floor(column / 16);
      const restored = scales[block]! * (values[block * 16 + (column % 16)]! - 128);
      expect(Math.abs(restored - numbers[row * 40 + column]!)).toBeLessThanOrEqual(scales[block]! * 0.501);
    }
  }
  expect([...values.subarray(40 - 32 + 32, 48)].every((value) => value === 128)).toBe(true);
});
