import { adapterConfigSchema } from '@parapet/contracts/adapter';
import { ParapetError } from '@parapet/contracts/errors';
import { decodeSafetensors, encodeSafetensors, type SafetensorsTensor } from '@parapet/models/safetensors';
import { tinyModel } from '@parapet/models/testing';
import { describe, expect, it } from 'vitest';
import { adapterFileBytes, decodeAdapter, encodeAdapter, readManifest } from './adapter-file.ts';
import { initAdapter } from './init.ts';

const { spec, digest } = tinyModel();
const base = { spec, digest };
const config = adapterConfigSchema.parse({ method: 'para', rank: 4, bias: true });
const tensors = initAdapter(config, spec, 1);
const file = encodeAdapter({ config, baseDigest: digest, baseModel: 'tiny' }, spec, tensors);

/** The file with its tensors or metadata changed. */
function changed(
  change: (tensors: Map<string, SafetensorsTensor>, metadata: Record<string, string>) => void,
): Uint8Array {
  const { tensors: all, metadata } = decodeSafetensors(file.slice());
  change(all, metadata);
  return encodeSafetensors(all, metadata);
}

function refusal(bytes: Uint8Array, against = base): { code: string; message: string } {
  try {
    decodeAdapter(bytes, against);
  } catch (error) {
    if (error instanceof ParapetError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('the file was accepted');
}

describe('adapter files', () => {
  it('come back as they were written, the same bytes each time', () => {
    const adapter = decodeAdapter(file, base);
    expect(adapter.tensors).toEqual(tensors);
    expect(adapter.manifest).toMatchObject({ config, baseDigest: digest, baseModel: 'tiny', version: 1 });
    expect(readManifest(file)).toEqual(adapter.manifest);
    expect(encodeAdapter({ config, baseDigest: digest, baseModel: 'tiny' }, spec, tensors)).toEqual(file);
    expect(file.byteLength).toBeLessThan(adapterFileBytes(config, spec));
    expect(adapter.digest).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each(['lora', 'ia3'] as const)('of %s too', (method) => {
    const other = adapterConfigSchema.parse({ method });
    const numbers = initAdapter(other, spec, 2);
    const bytes = encodeAdapter({ config: other, baseDigest: digest, baseModel: 'tiny' }, spec, numbers);
    expect(decodeAdapter(bytes, base).tensors).toEqual(numbers);
  });

  it('are refused on another base model', () => {
    const { code, message } = refusal(file, { spec, digest: 'f'.repeat(64) });
    expect(code).toBe('base_model_mismatch');
    expect(message).toMatch(/trained on the base model tiny/);
  });

  const wide = { dtype: 'F32', shape: [2], data: new Uint8Array(8) } as const;
  it.each<[string, RegExp, Uint8Array]>([
    ['no safetensors', /not a safetensors file/, new Uint8Array(100)],
    ['cut off', /describes \d+ bytes/, file.subarray(0, file.byteLength - 4)],
    ['a tensor missing', /layers\.1\.bias is missing/, changed((t) => t.delete('layers.1.bias'))],
    ['a tensor too many', /layers\.9\.up that its method/, changed((t) => t.set('layers.9.up', wide))],
    ['another shape', /layers\.0\.up is \[2\], not/, changed((t) => t.set('layers.0.up', wide))],
    [
      'half precision',
      /is F16, not F32/,
      changed((t) => {
        const { shape, data } = t.get('layers.0.up')!;
        t.set('layers.0.up', { dtype: 'F16', shape, data: data.subarray(0, data.byteLength / 2) });
      }),
    ],
    [
      'not finite',
      /layers\.0\.down holds a number/,
      changed((t) => void t.get('layers.0.down')!.data.fill(0xff, 0, 4)),
    ],
    ['no manifest', /carries no manifest/, changed((_, m) => void delete m.parapet)],
    ['no JSON', /manifest is no JSON/, changed((_, m) => Object.assign(m, { parapet: '{' }))],
    [
      'another version',
      /wrong at version/,
      changed((_, m) => Object.assign(m, { parapet: m.parapet!.replace('"version":1', '"version":2') })),
    ],
    [
      'a wrong count',
      /counts 5 numbers/,
      changed((_, m) => Object.assign(m, { parapet: m.parapet!.replace(/"parameters":\d+/, '"parameters":5') })),
    ],
  ])('are refused: %s', (_what, why, bytes) => {
    const { code, message } = refusal(bytes);
    expect(code).toBe('invalid_adapter');
    expect(message).toMatch(why);
  });

  it('never take more memory than a file of their size', () => {
    const header = Buffer.from(JSON.stringify({ a: { dtype: 'F32', shape: [1e9], data_offsets: [0, 4e9] } }));
    const bytes = new Uint8Array(8 + header.byteLength);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(header.byteLength), true);
    bytes.set(header, 8);
    expect(refusal(bytes).message).toMatch(/describes 4000000000 bytes, the file has 0/);
  });
});
