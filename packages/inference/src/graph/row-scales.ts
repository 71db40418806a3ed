import type { ModelSpec } from '@parapet/models/spec';
import type { ServingLinear } from '../weights/export-tensors.ts';
import { type DecodeVariant, decodeVariants } from './decode-graph.ts';
import { scaleWidth } from './linears.ts';

/** Where each layer's scales lie in `RowScales.numbers`. */
export interface ScaleLayout {
  /** Numbers of a row. */
  length: number;
  /** Every part in order. */
  parts: readonly { layer: number; linear: ServingLinear; offset: number; width: number }[];
}

/** Layout of a variant's scales. */
export function scaleLayout(spec: ModelSpec, variant: DecodeVariant): ScaleLayout {
  const parts: { layer: number; linear: ServingLinear; offset: number; width: number }[] = [];
  let offset = 0;
  for (let layer = 0; layer < spec.layers; layer++) {
    for (const linear of decodeVariants[variant]) {
      const width = scaleWidth(spec, linear);
      parts.push({ layer, linear, offset, width });
      offset += width;
    }
  }
  return { length: offset, parts };
}
