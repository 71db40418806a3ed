import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelDigest } from './digest.ts';
import { sha256OfFile } from './fetch/files.ts';
import { type BaseModel, openModel } from './open.ts';
import { modelParameters } from './spec.ts';
import { baseModelDir } from './testing/base-model.ts';
import { goldenGreedy } from './testing/golden.ts';

let model: BaseModel;
let isGolden: boolean;
beforeAll(async () => {
  const dir = await baseModelDir();
  model = await openModel(dir);
  isGolden = (await sha256OfFile(join(dir, model.files.at(-1)!))) === goldenGreedy().model_sha256;
});
afterAll(() => model.weights.close());

describe('the base model', () => {
  it('has the numbers of SmolLM2-135M', () => {
    expect(modelParameters(model.spec)).toBe(134_515_008);
    expect(model.spec).toMatchObject({
      layers: 30,
      width: 576,
      heads: 9,
      kvHeads: 3,
      context: 8192,
      ropeTheta: 100_000,
    });
  });

  it('keeps its identity from version to version', ({ skip }) => {
    if (!isGolden) skip();
    // Adapters in the world are bound to this: it may never change.
    const digest = '6235d29a0b417cdb1e68c330931bd99046264b348396e96807ae149d9b734f52';
    expect(modelDigest(model.spec, model.weights)).toBe(digest);
    expect(model.digest).toBe(digest);
  });

  it('dequantises to what its blocks say', ({ skip }) => {
    if (!isGolden) skip();
    const weight = model.weights.get('layers.3.q');
    const { q, scale, min } = weight.readBlocks()!;
    const values = weight.readFloat32();
    for (const i of [0, 31, 32, 5000, values.length - 1])
      expect(values[i]).toBe(Math.fround(Math.fround(q[i]! * scale[i >> 5]!) + min![i >> 5]!));
  });
});
