import { type AdapterConfig, type LinearName, type ParaConfig, targetLinears } from '@parapet/contracts/adapter';
import { linearWidths, type ModelSpec } from '@parapet/models/spec';
import { rationalGelu } from './rational.ts';

/** How a new adapter's tensor is filled: the same for the same seed. */
export type TensorInit = { zeros: true } | { ones: true } | { normal: number } | { values: readonly number[] };

export type AdapterTensor = { shape: readonly number[]; init: TensorInit };

/** A slice of PARA's vectors: what scales one linear's output. */
export type VectorSlice = { linear: LinearName; offset: number; width: number };

/** Where each target's vector is in W_up's columns, in the order of the contract's `targetLinears`. */
export function vectorSlices(config: ParaConfig, spec: ModelSpec): VectorSlice[] {
  const widths = linearWidths(spec);
  let offset = 0;
  return targetLinears[config.targets].map((linear) => {
    const slice = { linear, offset, width: widths[linear][1] };
    offset += slice.width;
    return slice;
  });
}

/** Numbers in a layer's vectors: dq + dkv + f for `qvu`. */
export function vectorWidth(config: ParaConfig, spec: ModelSpec): number {
  return vectorSlices(config, spec).reduce((sum, { width }) => sum + width, 0);
}

/** What (IA)³ scales: keys, values and the inner activation, which is the same as scaling Up. */
export const ia3Linears = ['k', 'v', 'up'] as const satisfies readonly LinearName[];

/**
 * The tensors of one layer by their name behind `layers.N.`.
 *
 * PARA: `down` [d, r] and `up` [r, Σ widths]; `bias` [Σ widths], `pool` [d] (attention pooling) and `rational` [6]
 * where configured. LoRA: `q.a` [in, r] and `q.b` [r, out] for each linear. (IA)³: `k.scale`, `v.scale`, `up.scale`.
 */
export function layerTensors(config: AdapterConfig, spec: ModelSpec): Map<string, AdapterTensor> {
  const tensors = new Map<string, AdapterTensor>();
  const widths = linearWidths(spec);
  switch (config.method) {
    case 'para': {
      const width = vectorWidth(config, spec);
      if (config.pooler === 'attention') tensors.set('pool', { shape: [spec.width], init: { zeros: true } });
      tensors.set('down', { shape: [spec.width, config.rank], init: { normal: 1 / Math.sqrt(spec.width) } });
      if (config.activation === 'rational') tensors.set('rational', { shape: [6], init: { values: rationalGelu } });
      tensors.set('up', { shape: [config.rank, width], init: { zeros: true } });
      if (config.bias) tensors.set('bias', { shape: [width], init: { zeros: true } });
      return tensors;
    }
    case 'lora':
      for (const linear of config.linears) {
        const [input, output] = widths[linear];
        tensors.set(`${linear}.a`, { shape: [input, config.rank], init: { normal: 1 / Math.sqrt(3 * input) } });
        tensors.set(`${linear}.b`, { shape: [config.rank, output], init: { zeros: true } });
      }
      return tensors;
    case 'ia3':
      for (const linear of ia3Linears)
        tensors.set(`${linear}.scale`, { shape: [widths[linear][1]], init: { ones: true } });
      return tensors;
  }
}

/** Every tensor of an adapter, `layers.N.…`, in file order. */
export function adapterTensors(config: AdapterConfig, spec: ModelSpec): Map<string, AdapterTensor> {
  const all = new Map<string, AdapterTensor>();
  const layer = layerTensors(config, spec);
  for (let index = 0; index < spec.layers; index++)
    for (const [name, tensor] of layer) all.set(`layers.${index}.${name}`, tensor);
  return all;
}

/** Numbers in an adapter. PARA with `qvu`, no bias, mean pooling: r·L·(d + dq + dkv + f). */
export function adapterParameters(config: AdapterConfig, spec: ModelSpec): number {
  let count = 0;
  for (const { shape } of layerTensors(config, spec).values())
    count += shape.reduce((product, size) => product * size, 1);
  return count * spec.layers;
}

/**
 * Numbers that a decode step reads for one row of its own adapter: PARA and (IA)³ read vectors, LoRA its matrices.
 */
export function decodeNumbers(config: AdapterConfig, spec: ModelSpec): number {
  return config.method === 'para' ? vectorWidth(config, spec) * spec.layers : adapterParameters(config, spec);
}
