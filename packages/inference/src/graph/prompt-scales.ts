import type { ParaConfig } from '@parapet/contracts/adapter';
import type { ModelSpec } from '@parapet/models/spec';
import type { Graph, Value } from '@parapet/onnx-graph/graph';
import { packQkv } from '@parapet/para/pack';
import { poolWeights } from '@parapet/para/pooling';
import { layerTensors } from '@parapet/para/tensors';
import { paraVectors } from '@parapet/para/vectors';
import { type Runtime, Tensor } from '@parapet/runtime';
import type { PromptAdapter } from '../devices/device.ts';
import { decodeVariants, scaleName } from './decode-graph.ts';
import type { LayerScales } from './serving-model.ts';

/** Name of a graph input that holds one tensor of the rows' adapters. */
function inputName(layer: number, tensor: string): string {
  return `adapter.${layer}.${tensor}`;
}

/** An adapter tensor's shape with a batch axis in front; the rank is symbolic, so that adapters of any rank run. */
function batchedShape(name: string, config: ParaConfig, spec: ModelSpec): (number | string)[] {
  const shape: (number | string)[] = [...layerTensors(config, spec).get(name)!.shape];
  if (name === 'down') return ['B', shape[0]!, 'rank'];
  if (name === 'up') return ['B', 'rank', shape[1]!];
  if (name === 'pool') return ['B', shape[0]!, 1];
  return ['B', 1, shape[0]!];
}

/**
 * Adds PARA's generator to a prefill graph: for each layer, from its normed input, what scales its linears. The scales
 * become outputs, to be kept with the row. Extra inputs: `pool_weights` `[B, 1, S]`, `strength` `[B, 1, 1]` and the
 * adapters' tensors.
 */
export function promptScales(
  g: Graph,
  spec: ModelSpec,
  config: ParaConfig,
): (layer: number, normed: Value) => LayerScales {
  const weights = g.input('pool_weights', 'float32', ['B', 1, 'S']);
  const strength = g.input('strength', 'float32', ['B', 1, 1]);
  return (layer, normed) => {
    const tensor = (name: string) => g.input(inputName(layer, name), 'float32', batchedShape(name, config, spec));
    const vectors = paraVectors(config, spec, tensor, { normed, poolWeights: weights, strength });
    const scales: LayerScales = { ...vectors, qkv: packQkv(vectors, spec, 'B') ?? undefined };
    for (const linear of decodeVariants[config.targets]) {
      scales[linear] = g.output(scaleName(layer, linear), scales[linear]!);
    }
    return scales;
  };
}

/** Tensors for the extra inputs of one prompt of `promptTokens`, for layers `from ≤ l < to`; the caller releases them. */
export function adapterFeeds(
  runtime: Runtime,
  spec: ModelSpec,
  { adapter, strength }: { adapter: PromptAdapter; strength: number },
  promptTokens: number,
  from: number,
  to: number,
): Map<string, Tensor> {
  const { config } = adapter;
  const feeds = new Map<string, Tensor>();
  const weights = poolWeights(config.pooler, [promptTokens], promptTokens);
  feeds.set('pool_weights', Tensor.over(runtime, 'float32', [1, 1, promptTokens], weights));
  feeds.set('strength', Tensor.over(runtime, 'float32', [1, 1, 1], Float32Array.of(strength)));
  for (let layer = from; layer < to; layer++) {
    for (const [name, data] of adapter.layers[layer]!) {
      const shape = batchedShape(name, config, spec).map((dim) =>
        dim === 'B' ? 1 : dim === 'rank' ? config.rank : dim,
      );
      feeds.set(inputName(layer, name), Tensor.over(runtime, 'float32', shape as number[], data));
    }
  }
  return feeds;
}
