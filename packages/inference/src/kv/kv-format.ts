import type { ModelSpec } from '@parapet/models/spec';

/**
 * How keys and values lie in the cache. `int8`: symmetric, one scale a channel (layer, kind, KV head, number of the
 * head), settled once a model by `calibrateKv`: a quarter of the memory to hold and, more to the point, to read at
 * every step. `float32` is the reference.
 */
export type KvFormat = { type: 'float32' } | { type: 'int8'; scales: KvScales };

/** Scales of each layer's keys and values, `[kvHeads · headDim]` each. */
export type KvScales = readonly { key: Float32Array; value: Float32Array }[];

export const kvBytes = { float32: 4, int8: 1 } as const;

/**
 * Room above the largest number that calibration met. Keys are what the base model makes of them; values are scaled by
 * an adapter's vectors (and keys by `wide` ones), which reach some way above 1.
 */
const headroom = { key: 1.1, value: 1.5 };

/** Scales from the largest absolute number of each channel. */
export function kvScalesOf(spec: ModelSpec, largest: readonly { key: Float32Array; value: Float32Array }[]): KvScales {
  const scale = (numbers: Float32Array, room: number) => numbers.map((most) => Math.max(most, 1e-6) * (room / 127));
  if (largest.length !== spec.layers)
    throw new Error(`${largest.length} layers were calibrated, the model has ${spec.layers}.`);
  return largest.map(({ key, value }) => ({ key: scale(key, headroom.key), value: scale(value, headroom.value) }));
}
