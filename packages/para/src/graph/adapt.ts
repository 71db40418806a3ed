import type { AdapterConfig, LinearName } from '@parapet/contracts/adapter';
import type { ModelSpec } from '@parapet/models/spec';
import { add, matmul, mul, sub } from '@parapet/onnx-graph/build';
import type { Value } from '@parapet/onnx-graph/graph';
import { ia3Linears } from '../tensors.ts';
import { type AdjustingVectors, type LayerTensor, type ParaInputs, paraVectors } from './vectors.ts';

/**
 * How a layer's linears are adapted: given a linear's input `[B, S, in]` and its output `[B, S, out]`, before anything
 * else is done with it (rotary positions, activation), what to go on with.
 */
export type Adaptation = (linear: LinearName, input: Value, output: Value) => Value;

/** The base model: every output as it is. */
export const unadapted: Adaptation = (_linear, _input, output) => output;

/** Multiplies by vectors that are there already: decoding with PARA, the same for every token of a row. */
export function scaleBy(vectors: AdjustingVectors): Adaptation {
  return (linear, _input, output) => {
    const vector = vectors[linear];
    return vector === undefined ? output : mul(output, vector);
  };
}

/**
 * The adaptation of one layer, of any method, made from its tensors. To be called where the layer's input norm is
 * there; the q of the base model is `adapt('q', normed, normed · W_q)`, and so on for all seven.
 *
 * @param tensor the layer's tensors (`layerTensors`), with or without a leading batch axis
 */
export function adaptLayer(
  config: AdapterConfig,
  spec: ModelSpec,
  tensor: LayerTensor,
  inputs: ParaInputs,
): Adaptation {
  switch (config.method) {
    case 'para':
      return scaleBy(paraVectors(config, spec, tensor, inputs));
    case 'lora':
      return loraAdaptation(config, tensor, inputs.strength);
    case 'ia3':
      return scaleBy(ia3Vectors(tensor, inputs.strength));
  }
}

/** y + s·(α/r)·(x·A)·B, unmerged. */
function loraAdaptation(
  config: Extract<AdapterConfig, { method: 'lora' }>,
  tensor: LayerTensor,
  strength: Value | number | undefined,
): Adaptation {
  const scale = config.alpha / config.rank;
  return (linear, input, output) => {
    if (!config.linears.includes(linear)) return output;
    const update = mul(matmul(matmul(input, tensor(`${linear}.a`)), tensor(`${linear}.b`)), scale);
    return add(output, strength === undefined ? update : mul(update, strength));
  };
}

/** (IA)³'s learned vectors, which are PARA's with nothing of the prompt in them. */
function ia3Vectors(tensor: LayerTensor, strength: Value | number | undefined): AdjustingVectors {
  return Object.fromEntries(
    ia3Linears.map((linear) => {
      const scale = tensor(`${linear}.scale`); // [out] or [B, 1, out]
      return [linear, strength === undefined ? scale : add(mul(sub(scale, 1), strength), 1)];
    }),
  );
}
