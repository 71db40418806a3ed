import { createHash } from 'node:crypto';
import { type AdapterConfig, type AdapterManifest, adapterManifestSchema } from '@parapet/contracts/adapter';
import { ParapetError } from '@parapet/contracts/errors';
import { decodeSafetensors, encodeSafetensors, type SafetensorsTensor } from '@parapet/models/safetensors';
import type { ModelSpec } from '@parapet/models/spec';
import type { AdapterTensors } from './init.ts';
import { adapterParameters, adapterTensors } from './tensors.ts';

const manifestKey = 'parapet';

export type Adapter = {
  manifest: AdapterManifest;
  /** float32, by name, in file order. */
  tensors: AdapterTensors;
  /** SHA-256 of the file: the adapter's name in the store. */
  digest: string;
};

/** The most bytes an adapter's file can have: what its tensors take in float32, and room for the header. */
export function adapterFileBytes(config: AdapterConfig, spec: ModelSpec): number {
  return adapterParameters(config, spec) * 4 + 200 * adapterTensors(config, spec).size + 65_536;
}

/**
 * Writes an adapter: a safetensors file with its manifest in the metadata. The same adapter gives the same bytes.
 *
 * @throws RangeError when the tensors are not those of the config (a mistake of the caller, not of a user)
 */
export function encodeAdapter(
  identity: { config: AdapterConfig; baseDigest: string; baseModel: string },
  spec: ModelSpec,
  tensors: AdapterTensors,
): Uint8Array {
  const file = new Map<string, SafetensorsTensor>();
  for (const [name, { shape }] of adapterTensors(identity.config, spec)) {
    const data = tensors.get(name);
    const size = shape.reduce((product, length) => product * length, 1);
    if (data?.length !== size) throw new RangeError(`tensor ${name} must have ${size} numbers, not ${data?.length}`);
    file.set(name, { dtype: 'F32', shape, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) });
  }
  const manifest = adapterManifestSchema.parse({
    version: 1,
    ...identity,
    parameters: adapterParameters(identity.config, spec),
  });
  return encodeSafetensors(file, { [manifestKey]: JSON.stringify(manifest) });
}

/**
 * Reads an adapter and checks all of it: the manifest, the base model it belongs to, every tensor's name, shape, type
 * and that its numbers are finite.
 *
 * @throws ParapetError `base_model_mismatch` for another base model's, `invalid_adapter` for anything else wrong
 */
export function decodeAdapter(file: Uint8Array, base: { digest: string; spec: ModelSpec }): Adapter {
  const { tensors: found, metadata } = containerOf(file);
  const manifest = manifestOf(metadata);
  if (manifest.baseDigest !== base.digest)
    throw new ParapetError(
      'base_model_mismatch',
      `The adapter was trained on the base model ${manifest.baseModel} (${manifest.baseDigest.slice(0, 12)}…), ` +
        `not on the one that is served (${base.digest.slice(0, 12)}…). Train it again on this base model.`,
    );
  const expected = adapterTensors(manifest.config, base.spec);
  const extra = [...found.keys()].find((name) => !expected.has(name));
  if (extra !== undefined) throw invalid(`it has a tensor ${extra} that its method does not know`);
  const tensors: AdapterTensors = new Map();
  for (const [name, { shape }] of expected) {
    const tensor = found.get(name);
    if (tensor === undefined) throw invalid(`the tensor ${name} is missing`);
    if (tensor.dtype !== 'F32') throw invalid(`the tensor ${name} is ${tensor.dtype}, not F32`);
    if (tensor.shape.join() !== shape.join()) throw invalid(`the tensor ${name} is [${tensor.shape}], not [${shape}]`);
    const data = new Float32Array(tensor.data.slice().buffer); // a copy: the file's bytes need not be aligned
    if (!data.every(Number.isFinite)) throw invalid(`the tensor ${name} holds a number that is not finite`);
    tensors.set(name, data);
  }
  if (manifest.parameters !== adapterParameters(manifest.config, base.spec))
    throw invalid(`its manifest counts ${manifest.parameters} numbers, its tensors have others`);
  return { manifest, tensors, digest: createHash('sha256').update(file).digest('hex') };
}

/** The manifest alone, without the base model at hand. @throws ParapetError `invalid_adapter` */
export function readManifest(file: Uint8Array): AdapterManifest {
  return manifestOf(containerOf(file).metadata);
}

function containerOf(file: Uint8Array): ReturnType<typeof decodeSafetensors> {
  try {
    return decodeSafetensors(file);
  } catch (cause) {
    throw invalid(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function manifestOf(metadata: Record<string, string>): AdapterManifest {
  const text = metadata[manifestKey];
  if (text === undefined) throw invalid('it carries no manifest: it was not made by this platform');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw invalid('its manifest is no JSON', cause);
  }
  const parsed = adapterManifestSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw invalid(`its manifest is wrong at ${issue?.path.join('.') || 'its root'}: ${issue?.message}`);
}

function invalid(why: string, cause?: unknown): ParapetError {
  return new ParapetError('invalid_adapter', `The adapter file can't be used: ${why}.`, { cause });
}
