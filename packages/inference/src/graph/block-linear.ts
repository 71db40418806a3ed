import { real } from '@parapet/onnx-graph/attributes';
import type { Graph, Value } from '@parapet/onnx-graph/graph';
import { type GraphSource, stored } from './linears.ts';

/** Domain of our own operators (devices/cpu/kernels/operators.cpp). */
export const ownDomain = 'parapet';

/** What a product does besides: everything that would be a pass over memory of its own. */
export interface Folded {
  /** Name of an RMSNorm's gain: x is normed on the way in. */
  norm?: string;
  /** Scales the output, `[B, 1, out]`. */
  scale?: Value;
  /** Scales are `[slots / 16, out / 16, 16, 16]` instead: those of 16 rows in one stretch. */
  scalesInTiles?: boolean;
  /** Multiplies the output by act(x · W of that name ∘ scale). */
  gate?: { name: string; scale?: Value };
  /** Added to the output. */
  residual?: Value;
}

const gates = { silu: 1, gelu_tanh: 2 } as const;

/** y = x · W by our own kernels, W in panels: x `[B, S, in]` → `[B, S, out]`. */
export function blockLinear(
  g: Graph,
  source: GraphSource,
  name: string,
  [K, N]: readonly [number, number],
  x: Value,
  { norm, scale, scalesInTiles = false, gate, residual }: Folded = {},
): Value {
  const inputs = [
    x,
    stored(g, source, `${name}.panels`),
    gate === undefined ? null : stored(g, source, `${gate.name}.panels`),
    norm === undefined ? null : stored(g, source, norm),
    scale ?? null,
    gate?.scale ?? null,
    residual ?? null,
  ];
  const { activation, eps } = source.spec;
  const attributes = {
    ...{ K, N, gate: gate === undefined ? 0 : gates[activation] },
    ...{ scales_in_tiles: Number(scalesInTiles), epsilon: real(eps) },
  };
  const shape = [...x.shape.slice(0, -1), N];
  return g.contrib('BlockLinear', inputs, attributes, [{ dtype: 'float32', shape }], ownDomain)[0]!;
}

/** up · act(gate) where something was added to the gate on its own; elsewhere it is part of the product. */
export function gated(g: Graph, { spec }: GraphSource, up: Value, gate: Value): Value {
  const output = { dtype: 'float32', shape: up.shape } as const;
  return g.contrib('Gated', [up, gate], { gate: gates[spec.activation] }, [output], ownDomain)[0]!;
}
