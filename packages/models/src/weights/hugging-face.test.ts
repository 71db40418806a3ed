import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openModel } from '../open.ts';
import { tinyModel, writeTinyModel } from '../testing/tiny-model.ts';
import { decodeSafetensors, encodeSafetensors, type SafetensorsTensor } from './safetensors.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'parapet-hub-'));
  writeTinyModel(dir, 3);
});
afterEach(() => rmSync(dir, { recursive: true }));

const path = (name: string) => join(dir, name);
const tensorsOf = () => decodeSafetensors(new Uint8Array(readFileSync(path('model.safetensors')))).tensors;

function editConfig(change: Record<string, unknown>): void {
  const config = JSON.parse(readFileSync(path('config.json'), 'utf8'));
  writeFileSync(path('config.json'), JSON.stringify({ ...config, ...change }));
}

/** The weights over two files with an index, as the hub splits large models. */
function shard(): void {
  const all = [...tensorsOf()];
  const halves = [all.slice(0, 7), all.slice(7)];
  const weightMap: Record<string, string> = {};
  halves.forEach((half, i) => {
    const name = `model-0000${i + 1}-of-00002.safetensors`;
    writeFileSync(path(name), encodeSafetensors(new Map(half)));
    for (const [tensor] of half) weightMap[tensor] = name;
  });
  writeFileSync(path('model.safetensors.index.json'), JSON.stringify({ weight_map: weightMap }));
  rmSync(path('model.safetensors'));
}

describe('openModel on a folder of the hub', () => {
  it('reads shards as the same model', async () => {
    shard();
    const model = await openModel(dir);
    expect(model.digest).toBe(tinyModel(3).digest);
    expect(model.files).toEqual([
      'config.json',
      'model-00001-of-00002.safetensors',
      'model-00002-of-00002.safetensors',
    ]);
    model.weights.close();
    expect(() => model.weights.get('embed').readFloat32()).toThrow(/is closed/);
  });

  it('widens half precision', async () => {
    const halved = new Map<string, SafetensorsTensor>();
    for (const [name, { shape, data }] of tensorsOf()) {
      const bf16 = new Uint8Array(data.byteLength / 2); // the upper half of each float32
      for (let i = 0; i < bf16.byteLength; i += 2) bf16.set(data.subarray(2 * i + 2, 2 * i + 4), i);
      halved.set(name, { dtype: 'BF16', shape, data: bf16 });
    }
    writeFileSync(path('model.safetensors'), encodeSafetensors(halved));
    const model = await openModel(dir);
    const weight = model.weights.get('layers.0.gate');
    const exact = tinyModel(3).weights.get('layers.0.gate').readFloat32();
    expect(weight.format).toBe('bfloat16');
    weight.readFloat32().forEach((x, i) => {
      expect(Math.abs(x - exact[i]!)).toBeLessThanOrEqual(Math.abs(exact[i]!) / 128);
    });
    expect(model.digest).not.toBe(tinyModel(3).digest);
    model.weights.close();
  });

  it.each<[string, () => void, RegExp]>([
    ['another architecture', () => editConfig({ model_type: 'gemma' }), /model_type gemma is not "llama"/],
    ['rope scaling', () => editConfig({ rope_scaling: { type: 'yarn' } }), /rope_scaling is not supported/],
    ['a bias', () => editConfig({ attention_bias: true }), /with a bias are not supported/],
    ['a number missing', () => editConfig({ hidden_size: undefined }), /hidden_size is missing/],
    ['other widths', () => editConfig({ intermediate_size: 65 }), /config\.json makes it/],
    ['a cut-off file', () => truncateSync(path('model.safetensors'), 5000), /not a safetensors file|describes/],
    [
      'a shard outside the folder',
      () => {
        shard();
        writeFileSync(path('model.safetensors.index.json'), '{"weight_map":{"a":"../../etc/x.safetensors"}}');
      },
      /weight_map/,
    ],
  ])('refuses %s', async (_what, spoil, why) => {
    spoil();
    await expect(openModel(dir)).rejects.toThrow(why);
  });
});
