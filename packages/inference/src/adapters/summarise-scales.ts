import { type LinearName, targetLinears } from '@parapet/contracts/adapter';
import type { VectorsSummary } from '@parapet/contracts/serve-worker';
import { kvWidth, type ModelSpec, queryWidth } from '@parapet/models/spec';
import type { RowScales } from '../devices/device.ts';
import { scaleLayout } from '../graph/row-scales.ts';

/** How far a row's scales are from 1: mean |L − 1| of every layer's every target, the packed Q, K, V told apart. */
export function summariseScales(spec: ModelSpec, { variant, numbers }: RowScales): VectorsSummary {
  const linears: readonly LinearName[] = targetLinears[variant];
  const values = Array.from({ length: spec.layers }, () => linears.map(() => 0));
  const put = (layer: number, linear: LinearName, from: number, width: number) => {
    const at = linears.indexOf(linear);
    if (at === -1) return;
    let sum = 0;
    for (let i = from; i < from + width; i++) sum += Math.abs((numbers[i] ?? 1) - 1);
    values[layer]![at] = sum / width;
  };
  const dq = queryWidth(spec);
  const dkv = kvWidth(spec);
  for (const { layer, linear, offset, width } of scaleLayout(spec, variant).parts) {
    if (linear !== 'qkv') {
      put(layer, linear, offset, width);
      continue;
    }
    put(layer, 'q', offset, dq);
    put(layer, 'k', offset + dq, dkv);
    put(layer, 'v', offset + dq + dkv, dkv);
  }
  return { linears: [...linears], values };
}
