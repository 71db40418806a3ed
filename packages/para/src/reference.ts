import type { LinearName, ParaConfig } from '@parapet/contracts/adapter';
import type { ModelSpec } from '@parapet/models/spec';
import { rational } from './rational.ts';
import { vectorSlices } from './tensors.ts';

/**
 * PARA's vectors of one layer, written as the formulas are, in float64: what the graphs are held to.
 *
 * @param normed norm(H) of the prompt's tokens alone, `[n, d]`
 * @param tensor the layer's tensors by their names in `layerTensors`
 */
export function referenceVectors(
  config: ParaConfig,
  spec: ModelSpec,
  tensor: (name: string) => ArrayLike<number>,
  normed: readonly ArrayLike<number>[],
  strength = 1,
): Partial<Record<LinearName, Float64Array>> {
  const d = spec.width;
  const r = config.rank;
  const pooled = pool(config, d, tensor, normed);
  const down = tensor('down');
  const inner = Float64Array.from({ length: r }, (_, j) => {
    let sum = 0;
    for (let i = 0; i < d; i++) sum += pooled[i]! * down[i * r + j]!;
    return activation(config, tensor, sum);
  });
  const slices = vectorSlices(config, spec);
  const total = slices.reduce((sum, { width }) => sum + width, 0);
  const up = tensor('up');
  const bias = config.bias ? tensor('bias') : null;
  const vectors: Partial<Record<LinearName, Float64Array>> = {};
  for (const { linear, offset, width } of slices)
    vectors[linear] = Float64Array.from({ length: width }, (_, i) => {
      let delta = bias === null ? 0 : bias[offset + i]!;
      for (let j = 0; j < r; j++) delta += inner[j]! * up[j * total + offset + i]!;
      return 1 + strength * delta;
    });
  return vectors;
}

function pool(
  config: ParaConfig,
  d: number,
  tensor: (name: string) => ArrayLike<number>,
  normed: readonly ArrayLike<number>[],
): Float64Array {
  const n = normed.length;
  const column = (f: (i: number) => number) => Float64Array.from({ length: d }, (_, i) => f(i));
  switch (config.pooler) {
    case 'mean':
      return column((i) => normed.reduce((sum, h) => sum + h[i]!, 0) / n);
    case 'last':
      return column((i) => normed[n - 1]![i]!);
    case 'max':
      return column((i) => Math.max(...normed.map((h) => h[i]!)));
    case 'attention': {
      const w = tensor('pool');
      const scores = normed.map((h) => column((i) => h[i]! * w[i]!).reduce((a, b) => a + b, 0));
      const top = Math.max(...scores);
      const weights = scores.map((score) => Math.exp(score - top));
      const sum = weights.reduce((a, b) => a + b, 0);
      return column((i) => normed.reduce((total, h, t) => total + (h[i]! * weights[t]!) / sum, 0));
    }
  }
}

function activation(config: ParaConfig, tensor: (name: string) => ArrayLike<number>, x: number): number {
  switch (config.activation) {
    case 'silu':
      return x / (1 + Math.exp(-x));
    case 'gelu':
      return 0.5 * x * (1 + erf(x / Math.SQRT2));
    case 'rational':
      return rational(x, tensor('rational'));
  }
}

/** The error function: its series near zero, the continued fraction of its complement beyond. */
function erf(x: number): number {
  const size = Math.abs(x);
  if (size > 2) {
    let fraction = 0;
    for (let n = 100; n >= 1; n--) fraction = n / 2 / (size + fraction);
    return Math.sign(x) * (1 - Math.exp(-x * x) / (Math.sqrt(Math.PI) * (size + fraction)));
  }
  let term = x;
  let sum = x;
  for (let n = 1; n < 60; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}
