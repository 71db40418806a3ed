import { queryWidth } from '@parapet/models/spec';
import type { Graph, Value } from '@parapet/onnx-graph/graph';
import { ownDomain } from './block-linear.ts';
import { type GraphSource, stored } from './linears.ts';

/** What attention needs besides the packed projections. */
export interface AttentionInputs {
  pastKey: Value;
  pastValue: Value;
  /** int32 `[B]`: tokens of each row with this step's, minus one. */
  lastPositions: Value;
  /** int32 scalar: the longest row's tokens with this step's. */
  totalLength: Value;
  cos: Value;
  sin: Value;
}

export interface AttentionOutputs {
  /** `[B, S, heads · headDim]`. */
  attended: Value;
  /** Null where the kernel writes the cache that it was given. */
  present: { key: Value; value: Value } | null;
}

/** Attention of packed projections `[B, S, dq + 2 · dkv]` over the cache, which takes the new keys and values. */
export function attend(
  g: Graph,
  source: GraphSource,
  layer: number,
  packed: Value,
  inputs: AttentionInputs,
): AttentionOutputs {
  const { spec, weights, cache } = source;
  const [B, S] = packed.shape as [string, string | number];
  const output = { dtype: 'float32', shape: [B, S, queryWidth(spec)] } as const;
  const { pastKey, pastValue, lastPositions, totalLength, cos, sin } = inputs;
  if (weights.layout === 'panels' && cache.type === 'int8') {
    const [keyScales, valueScales] = cacheScales(g, source, layer).slice(3);
    const [attended] = g.contrib(
      'CachedAttention',
      [packed, pastKey, pastValue, lastPositions, cos, sin, keyScales!, valueScales!],
      { heads: spec.heads, kv_heads: spec.kvHeads },
      [output],
      ownDomain,
    );
    return { attended: attended!, present: null };
  }
  const cacheOutput = { dtype: cache.type, shape: pastKey.shape };
  const [attended, key, value] = g.contrib(
    'GroupQueryAttention',
    [
      ...[packed, null, null, pastKey, pastValue, lastPositions, totalLength, cos, sin],
      ...cacheScales(g, source, layer),
    ],
    {
      num_heads: spec.heads,
      kv_num_heads: spec.kvHeads,
      do_rotary: 1,
      rotary_interleaved: 0,
      ...(cache.type === 'int8' && quantisedCache),
    },
    [output, cacheOutput, cacheOutput],
  );
  return { attended: attended!, present: { key: key!, value: value! } };
}

const quantisedCache = { k_quant_type: 'PER_CHANNEL', v_quant_type: 'PER_CHANNEL', kv_cache_bit_width: 8 } as const;

/** Attention's inputs 9 to 13: no positions, bias or sinks of our own, then the cache's scales. */
function cacheScales(g: Graph, { spec, cache }: GraphSource, layer: number): (Value | null)[] {
  if (cache.type === 'float32') return [];
  const { key, value } = cache.scales[layer]!;
  const shape = [spec.kvHeads * spec.headDim];
  const scale = (name: string, data: Float32Array) => g.initializer(name, { dtype: 'float32', shape, data });
  return [null, null, null, scale(`key_scale.${layer}`, key), scale(`value_scale.${layer}`, value)];
}

/** Inputs of attention for rows `B` over a cache of `capacity` positions a row. */
export function attentionInputs(
  g: Graph,
  source: GraphSource,
  capacity: string,
): Omit<AttentionInputs, 'pastKey' | 'pastValue'> & {
  cache(layer: number): { pastKey: Value; pastValue: Value };
} {
  const { spec } = source;
  return {
    lastPositions: g.input('last_positions', 'int32', ['B']),
    totalLength: g.input('total_length', 'int32', []),
    cos: stored(g, source, 'rope_cos'),
    sin: stored(g, source, 'rope_sin'),
    cache: (layer) => ({
      pastKey: g.input(`past_key.${layer}`, source.cache.type, ['B', spec.kvHeads, capacity, spec.headDim]),
      pastValue: g.input(`past_value.${layer}`, source.cache.type, ['B', spec.kvHeads, capacity, spec.headDim]),
    }),
  };
}
