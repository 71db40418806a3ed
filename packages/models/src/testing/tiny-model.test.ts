import { mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openModel } from '../open.ts';
import { modelParameters, weightShapes } from '../spec.ts';
import { tinyModel, tinySpec, writeTinyModel } from './tiny-model.ts';

const dir = mkdtempSync(join(tmpdir(), 'parapet-tiny-'));
afterAll(() => rmSync(dir, { recursive: true }));

describe('tinyModel', () => {
  it('is the same for the same seed, another for another seed or spec', () => {
    expect(tinyModel(1).digest).toBe(tinyModel(1).digest);
    expect(tinyModel(2).digest).not.toBe(tinyModel(1).digest);
    expect(tinyModel(1, { layers: 1 }).digest).not.toBe(tinyModel(1).digest);
    expect(tinyModel(1, { eps: 1e-6 }).digest).not.toBe(tinyModel(1).digest);
  });

  it('has the tokens its spec says', () => {
    expect(tinyModel().tokenizer.vocab).toBe(tinySpec.vocab);
  });

  it.each([true, false])('opens from a folder as the same model (tied head: %s)', async (tiedHead) => {
    const folder = join(dir, String(tiedHead));
    const digest = writeTinyModel(folder, 7, { tiedHead });
    const model = await openModel(folder);
    const inMemory = tinyModel(7, { tiedHead });
    expect(model.digest).toBe(digest);
    expect(model.digest).toBe(inMemory.digest);
    expect(model.spec).toEqual(inMemory.spec);
    expect(model.weights.get('layers.1.down').readFloat32()).toEqual(
      inMemory.weights.get('layers.1.down').readFloat32(),
    );
    expect(model.weights.head.name).toBe(tiedHead ? 'embed' : 'head');
    const text = 'hello the spam, 2026 \u{1f600}';
    expect(model.tokenizer.encode(text)).toEqual(inMemory.tokenizer.encode(text));
    model.weights.close();
  });

  it('remembers the digest until a file changes', async () => {
    const folder = join(dir, 'cache');
    const digest = writeTinyModel(folder, 1);
    (await openModel(folder)).weights.close();
    writeTinyModel(folder, 2); // same size; only the time tells
    utimesSync(join(folder, 'model.safetensors'), 1, 1);
    const again = await openModel(folder);
    expect(again.digest).not.toBe(digest);
    again.weights.close();
  });
});

it('counts the parameters of SmolLM2-135M', () => {
  const spec = {
    ...tinySpec,
    layers: 30,
    width: 576,
    heads: 9,
    kvHeads: 3,
    headDim: 64,
    ffn: 1536,
    vocab: 49152,
    context: 8192,
  };
  expect(modelParameters(spec)).toBe(134_515_008);
  expect(weightShapes(spec).size).toBe(30 * 9 + 2);
});
