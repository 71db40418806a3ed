import { add, div, mul, sub } from '@parapet/onnx-graph/build';
import { Graph, type Value } from '@parapet/onnx-graph/graph';

const adamBeta1 = 0.9;
const adamBeta2 = 0.999;
const adamEpsilon = 1e-8;

export interface OptimizerSettings {
  learningRate: number;
  weightDecay: number;
  clipNorm: number;
}

/** The graph's scalar inputs at a step, counted from 1. */
export function adamwScalars(step: number, { learningRate, weightDecay, clipNorm }: OptimizerSettings) {
  return {
    learning_rate: learningRate,
    weight_decay: weightDecay,
    clip_norm: clipNorm,
    m_correction: 1 - adamBeta1 ** step,
    v_correction: 1 - adamBeta2 ** step,
  };
}

/**
 * One optimiser step over θ [N]: clipping by the global norm, then AdamW (Loshchilov & Hutter 2019, algorithm 2).
 *
 *   g ← g · min(1, c / ‖g‖)      m ← β₁m + (1 − β₁)g      v ← β₂v + (1 − β₂)g²
 *   θ ← θ − η·λ·θ − η · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)
 *
 * inputs: `theta`, `m`, `v`, `gradient` [N], scalars `learning_rate` η, `weight_decay` λ, `clip_norm` c and the bias
 * corrections `m_correction` 1 − β₁ᵗ, `v_correction` 1 − β₂ᵗ
 * outputs: `theta_next`, `m_next`, `v_next` (may be their inputs' memory: each is read last where it is written) and
 * `gradient_norm` before clipping
 */
export function adamwGraph(size: number): Graph {
  const g = new Graph('adamw');
  const vector = (name: string) => g.input(name, 'float32', [size]);
  const scalar = (name: string) => g.input(name, 'float32', []);
  const [theta, m, v, gradient] = [vector('theta'), vector('m'), vector('v'), vector('gradient')];
  const [rate, decay, clip] = [scalar('learning_rate'), scalar('weight_decay'), scalar('clip_norm')];
  const [mCorrection, vCorrection] = [scalar('m_correction'), scalar('v_correction')];

  const norm = g.op('Sqrt', [g.op('ReduceSum', [mul(gradient, gradient), [0]], { keepdims: 0 })]);
  const factor = g.op('Min', [div(clip, add(norm, 1e-6)), 1]);
  const clipped = mul(gradient, factor);
  const mNext = add(mul(m, adamBeta1), mul(clipped, 1 - adamBeta1));
  const vNext = add(mul(v, adamBeta2), mul(mul(clipped, clipped), 1 - adamBeta2));
  const denominator = add(g.op('Sqrt', [div(vNext, vCorrection)]), adamEpsilon);
  const step: Value = div(div(mNext, mCorrection), denominator);
  const change = mul(rate, add(step, mul(decay, theta)));
  g.output('theta_next', sub(theta, change));
  g.output('m_next', mNext);
  g.output('v_next', vNext);
  g.output('gradient_norm', norm);
  return g;
}
