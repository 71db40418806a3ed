import type { AdapterConfig } from '@parapet/contracts/adapter';
import type { ModelSpec, WeightName } from '@parapet/models/spec';
import { add } from '@parapet/onnx-graph/build';
import type { Dim } from '@parapet/onnx-graph/dims';
import { gradients } from '@parapet/onnx-graph/gradients';
import { Graph, type InitializerSpec, type Value } from '@parapet/onnx-graph/graph';
import { decoder, rmsNorm } from './decoder.ts';
import { flatLayout, unflatten } from './flat-parameters.ts';
import { tokenLoss } from './token-loss.ts';

export interface AdaptedModelOptions {
  spec: ModelSpec;
  config: AdapterConfig;
  /** A frozen weight: linears `[in, out]`, embedding and head `[vocab, width]`. */
  weight: (name: WeightName) => InitializerSpec;
  /** Compute attention weights again in the backward pass instead of keeping heads · S numbers a token and layer. */
  recomputeAttention?: boolean;
  /** Use operators of our own (`findOperators`), which ONNX Runtime alone does not have. */
  ownOperators?: boolean;
  /** B, S and K where they are known: a device that records its work wants every shape to be a number. */
  sizes?: BatchSizes;
}

export interface BatchSizes {
  rows: Dim;
  columns: Dim;
  targets: Dim;
}

/** Inputs of both graphs below, by name. B rows, S positions, K target positions, N trained numbers. */
export const batchInputs = ['tokens', 'pool_weights', 'rows', 'labels', 'weights'] as const;

/**
 * One micro-batch of training: forward, loss, backward, and its gradient added to what earlier micro-batches left.
 *
 * inputs: `theta` [N], `gradient_before` [N], `tokens` [B, S], `pool_weights` [B, 1, S], `rows`, `labels`, `weights` [K]
 * outputs: `loss`, `predictions` [K], `gradient` [N] (may be the memory of `gradient_before`)
 */
export function gradientGraph(options: AdaptedModelOptions): Graph {
  const g = new Graph('gradient');
  const { theta, tensors } = flatParameters(g, options);
  const { loss, predictions, cheap } = adaptedModel(g, options, tensors);
  const before = g.input('gradient_before', 'float32', theta.shape);
  const [gradient] = gradients(g, loss, [theta], { recompute: cheap });
  g.output('loss', loss);
  g.output('predictions', predictions);
  g.output('gradient', add(before, gradient!));
  return g;
}

/** The forward half alone: `theta` and a batch → `loss`, `predictions` [K]. */
export function evaluationGraph(options: AdaptedModelOptions): Graph {
  const g = new Graph('evaluation');
  const { loss, predictions } = adaptedModel(g, options, flatParameters(g, options).tensors);
  g.output('loss', loss);
  g.output('predictions', predictions);
  return g;
}

/**
 * The same with every trained tensor an input (`adapter/<tensor>`) and every gradient an output (`gradient/<tensor>`):
 * where memory is ours, they are parts of one vector without a copy.
 */
export function tensorwiseGraph(options: AdaptedModelOptions, backward: boolean): Graph {
  const g = new Graph(backward ? 'gradient' : 'evaluation');
  const { tensors: placed } = flatLayout(options.config, options.spec);
  const tensors = new Map(placed.map(({ name, shape }) => [name, g.input(`adapter/${name}`, 'float32', shape)]));
  const { loss, predictions } = adaptedModel(g, options, tensors);
  g.output('loss', loss);
  g.output('predictions', predictions);
  if (!backward) return g;
  const found = gradients(g, loss, [...tensors.values()]);
  [...tensors.keys()].forEach((name, i) => {
    g.output(`gradient/${name}`, found[i]!);
  });
  return g;
}

function flatParameters(g: Graph, { config, spec }: AdaptedModelOptions) {
  const layout = flatLayout(config, spec);
  const theta = g.input('theta', 'float32', [layout.size]);
  return { theta, tensors: unflatten(theta, layout) };
}

function adaptedModel(
  g: Graph,
  { spec, config, weight, recomputeAttention = false, ownOperators = false, sizes }: AdaptedModelOptions,
  tensors: ReadonlyMap<string, Value>,
) {
  const cheap = new Set<Value>();
  const { rows: B, columns: S, targets: K } = sizes ?? { rows: 'B', columns: 'S', targets: 'K' };
  const tokens = g.input('tokens', 'int64', [B, S]);
  const poolWeights = g.input('pool_weights', 'float32', [B, 1, S]);
  const rows = g.input('rows', 'int64', [K]);
  const labels = g.input('labels', 'int64', [K]);
  const weights = g.input('weights', 'float32', [K]);
  const frozen = new Map<WeightName, Value>();
  const weightValue = (name: WeightName): Value => {
    const value = frozen.get(name) ?? g.initializer(name, weight(name));
    frozen.set(name, value);
    return value;
  };
  const adapter = { config, tensors };
  const hidden = decoder(g, spec, {
    tokens,
    poolWeights,
    weight: weightValue,
    adapter,
    cheap,
    recomputeAttention,
    ownOperators,
  });
  const norm = (x: Value) => rmsNorm(x, weightValue('final_norm'), spec.eps);
  const head = weightValue(spec.tiedHead ? 'embed' : 'head');
  return { cheap, ...tokenLoss(g, { hidden, norm, head, rows, labels, weights }) };
}
