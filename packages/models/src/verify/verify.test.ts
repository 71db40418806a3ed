import { mkdtempSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { openModel } from '../open.ts';
import { tinyModel, writeTinyModel } from '../testing/tiny-model.ts';
import { ModelWeights, Weight } from '../weights/weights.ts';
import { checkDigest, checkTensors, checkTokenizer } from './model-contents.ts';
import { checkModelFiles } from './model-files.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'parapet-verify-'));
  writeTinyModel(dir, 4);
});

const check = (recorded: Parameters<typeof checkModelFiles>[0]['recorded'] = null, name = 'tiny') =>
  checkModelFiles({ path: dir, name, recorded }, () => {});

test('a sound folder passes, file by file and tensor by tensor', async () => {
  const { files, against } = await check();
  expect(against).toBe('none');
  expect(files.map(({ name }) => name)).toEqual([
    'config.json',
    'tokenizer.json',
    'model.safetensors',
    'tokenizer_config.json',
  ]);
  expect((await check(files)).against).toBe('earlier');
  const model = await openModel(dir);
  expect(await checkTensors(model, () => {})).toBe(2 + 2 * 9);
  expect(checkDigest(model, null)).toBe(tinyModel(4).digest);
  expect(checkTokenizer(model)).toBe(7);
});

test('one flipped bit, a cut, and a missing file are each named', async () => {
  const { files } = await check();
  const weights = join(dir, 'model.safetensors');
  const sound = readFileSync(weights);
  const file = openSync(weights, 'r+');
  writeSync(file, Buffer.of(sound[5000]! ^ 1), 0, 1, 5000);
  await expect(check(files)).rejects.toThrow(/model\.safetensors is damaged: its SHA-256 .* copy it again/);
  writeFileSync(weights, sound);
  truncateSync(weights, sound.length - 1);
  await expect(check(files)).rejects.toThrow(`it has ${sound.length - 1} bytes, not ${sound.length}`);
  rmSync(join(dir, 'tokenizer.json'));
  await expect(check(files)).rejects.toThrow('tokenizer.json is missing');
  rmSync(dir, { recursive: true });
  await expect(check(files)).rejects.toThrow('is not there');
});

test('a model of the registry is held to its pins, whatever was recorded', async () => {
  const { files } = await check();
  await expect(check(files, 'smollm2-135m-instruct')).rejects.toThrow(/config\.json is damaged.*fetches it anew/);
});

test('other weights, a missing tensor and a number that is none are found', async () => {
  const model = tinyModel(4);
  expect(() => checkDigest(model, tinyModel(5).digest)).toThrow('its adapters would not fit');
  const changed = (edit: (all: Map<string, Weight>) => void) => {
    const all = new Map(model.weights.names.map((name) => [name, model.weights.get(name)]));
    edit(all);
    return { ...model, weights: new ModelWeights(all, () => {}) };
  };
  const without = changed((all) => all.delete('layers.1.up'));
  await expect(checkTensors(without, () => {})).rejects.toThrow('no tensor layers.1.up');
  const broken = changed((all) => {
    const old = model.weights.get('layers.0.q');
    const numbers = old.readFloat32();
    numbers[17] = Number.NaN;
    all.set('layers.0.q', new Weight(old.name, 'float32', old.shape, () => new Uint8Array(numbers.buffer)));
  });
  await expect(checkTensors(broken, () => {})).rejects.toThrow('Number 17 of layers.0.q');
});
