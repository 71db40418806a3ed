import { closeSync, openSync, readSync } from 'node:fs';
import type { ModelSpec } from '@parapet/models/spec';
import {
  type Accelerator,
  type CompiledKernels,
  type DeviceType,
  deviceTypeBytes,
  int64,
  pointer,
} from '@parapet/runtime/accelerator';
import type { ServingLinear } from '../../weights/export-tensors.ts';
import type { ServingWeights } from '../../weights/serving-weights.ts';
import { Arena } from './layout.ts';

const chunkElements = 8 << 20;
/** Kept in float32 whatever the rest is. */
const float32Names = /norm$|^rope_/;

/** Addresses of one layer's weights; linears `[in, out]`, gate and up side by side in memory. */
export interface LayerWeights {
  attnNorm: bigint;
  ffnNorm: bigint;
  linear: Readonly<Record<ServingLinear, bigint>>;
}

/** A model's weights on the device: one copy, for prompts and decoding alike. */
export interface DeviceWeights {
  embed: bigint;
  /** `[vocab, width]` (the embedding) when tied, else `[width, vocab]`. */
  head: { address: bigint; transposed: boolean };
  finalNorm: bigint;
  cos: bigint;
  sin: bigint;
  layers: readonly LayerWeights[];
  release(): void;
}

/** Reads the float32 export and puts it on the device as `type`. */
export function uploadWeights(
  accelerator: Accelerator,
  kernels: CompiledKernels,
  spec: ModelSpec,
  weights: ServingWeights,
  type: DeviceType,
): DeviceWeights {
  if (weights.kind !== 'fp32') {
    throw new Error(
      `The CUDA device makes its own ${type} weights from the fp32 export; it was given ${weights.kind}.`,
    );
  }
  const arena = new Arena(accelerator);
  const narrow = kernels.kernel('narrow');
  const buffer = new Float32Array(chunkElements);
  const staging = accelerator.allocate(chunkElements * 4);
  const file = openSync(weights.path, 'r');
  const entryOf = (name: string) => {
    const entry = weights.entries.get(name);
    if (entry === undefined) throw new Error(`The exported weights hold no tensor "${name}".`);
    return { offset: entry.offset, elements: entry.length / 4 };
  };
  const put = (name: string, to: bigint, kept: DeviceType) => {
    const { offset, elements } = entryOf(name);
    for (let at = 0; at < elements; at += chunkElements) {
      const part = buffer.subarray(0, Math.min(chunkElements, elements - at));
      readExactly(file, part, offset + at * 4);
      const target = to + BigInt(at * deviceTypeBytes[kept]);
      if (kept === 'float32') accelerator.upload(target, part);
      else {
        accelerator.upload(staging, part);
        accelerator.launch(narrow, [512], 256, [pointer(staging), pointer(target), int64(part.length)]);
      }
    }
  };
  const load = (names: readonly string[]): bigint[] => {
    const kept: DeviceType = float32Names.test(names[0]!) ? 'float32' : type;
    const sizes = names.map((name) => entryOf(name).elements * deviceTypeBytes[kept]);
    let at = arena.take(sizes.reduce((sum, size) => sum + size, 0));
    return names.map((name, i) => {
      const address = at;
      put(name, address, kept);
      at += BigInt(sizes[i]!);
      return address;
    });
  };
  const one = (name: string) => load([name])[0]!;
  try {
    const embed = one('embed');
    const layers = Array.from({ length: spec.layers }, (_, layer): LayerWeights => {
      const prefix = `layers.${layer}.`;
      const [gate, up] = load([`${prefix}gate`, `${prefix}up`]) as [bigint, bigint];
      return {
        attnNorm: one(`${prefix}attn_norm`),
        ffnNorm: one(`${prefix}ffn_norm`),
        linear: { qkv: one(`${prefix}qkv`), o: one(`${prefix}o`), gate, up, down: one(`${prefix}down`) },
      };
    });
    return {
      embed,
      head: spec.tiedHead ? { address: embed, transposed: true } : { address: one('head'), transposed: false },
      finalNorm: one('final_norm'),
      cos: one('rope_cos'),
      sin: one('rope_sin'),
      layers,
      release: () => arena.release(),
    };
  } catch (error) {
    arena.release();
    throw error;
  } finally {
    closeSync(file);
    accelerator.free(staging);
  }
}

function readExactly(file: number, to: Float32Array, position: number): void {
  const bytes = new Uint8Array(to.buffer, to.byteOffset, to.byteLength);
  for (let at = 0; at < bytes.length; ) {
    const read = readSync(file, bytes, at, bytes.length - at, position + at);
    if (read === 0) throw new Error('The exported weights end early: delete them, they are made again.');
    at += read;
  }
}
