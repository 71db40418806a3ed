import type { AdapterConfig } from '@parapet/contracts/adapter';
import { Random } from '@parapet/models/random';
import type { ModelSpec } from '@parapet/models/spec';
import { type AdapterTensor, adapterTensors } from './tensors.ts';

/** An adapter's numbers by tensor name. */
export type AdapterTensors = Map<string, Float32Array>;

/** A new adapter: exactly the base model, the same for the same seed. */
export function initAdapter(config: AdapterConfig, spec: ModelSpec, seed: number): AdapterTensors {
  const random = new Random(seed);
  const tensors: AdapterTensors = new Map();
  for (const [name, tensor] of adapterTensors(config, spec)) tensors.set(name, initTensor(tensor, random));
  return tensors;
}

function initTensor({ shape, init }: AdapterTensor, random: Random): Float32Array {
  const size = shape.reduce((product, length) => product * length, 1);
  if ('normal' in init) return random.normals(size, init.normal);
  if ('values' in init) return Float32Array.from(init.values);
  return new Float32Array(size).fill('ones' in init ? 1 : 0);
}
