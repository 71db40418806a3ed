import { kvWidth, type ModelSpec, queryWidth } from '@parapet/models/spec';
import type { RowScales } from '../devices/device.ts';
import { scaleLayout } from '../graph/row-scales.ts';

/** (IA)³'s learned vectors as a row's scales: 1 + s·(l − 1) on keys, values and Up, ones elsewhere. */
export function ia3Scales(
  spec: ModelSpec,
  layers: readonly ReadonlyMap<string, Float32Array>[],
  strength: number,
): RowScales {
  const { length, parts } = scaleLayout(spec, 'qvu');
  const numbers = new Float32Array(length).fill(1);
  const place = (offset: number, vector: Float32Array) => {
    for (let i = 0; i < vector.length; i++) numbers[offset + i] = 1 + strength * (vector[i]! - 1);
  };
  for (const { layer, linear, offset } of parts) {
    const tensors = layers[layer]!;
    if (linear === 'up') place(offset, tensors.get('up.scale')!);
    if (linear !== 'qkv') continue;
    place(offset + queryWidth(spec), tensors.get('k.scale')!);
    place(offset + queryWidth(spec) + kvWidth(spec), tensors.get('v.scale')!);
  }
  return { variant: 'qvu', numbers };
}
