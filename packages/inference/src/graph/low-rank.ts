import { type LinearName, linearNameSchema } from '@parapet/contracts/adapter';
import { linearWidths, type ModelSpec } from '@parapet/models/spec';
import { real } from '@parapet/onnx-graph/attributes';
import type { Graph, Value } from '@parapet/onnx-graph/graph';
import type { ServingLinear } from '../weights/export-tensors.ts';
import { ownDomain } from './block-linear.ts';
import { type GraphSource, stored } from './linears.ts';

/** A layer's linears in the order in which a row's table of matrices names them. */
export const lowRankLinears = linearNameSchema.options;

/** Addresses in a row of the table: A and B of each linear of each layer. */
export function lowRankEntries(spec: ModelSpec): number {
  return spec.layers * lowRankLinears.length * 2;
}

/** Names of the inputs that say which matrices each row has: int64 `[slots, entries]`, int32 and float32 `[slots]`. */
export const lowRankInputs = {
  matrices: 'low_rank_matrices',
  ranks: 'low_rank_ranks',
  factors: 'low_rank_factors',
} as const;

/** Adds to a linear's output `y` what the rows' LoRA adapters make of its input `x` (normed by `norm`, if given). */
export type LinearUpdate = (linear: ServingLinear, x: Value, y: Value, norm?: string) => Value;

/** For each layer: y += factor · (x · A) · B by our own kernel, each row with the matrices of its own adapter. */
export function lowRankUpdates(g: Graph, source: GraphSource): (layer: number) => LinearUpdate {
  const { spec } = source;
  const matrices = g.input(lowRankInputs.matrices, 'int64', ['slots', lowRankEntries(spec)]);
  const ranks = g.input(lowRankInputs.ranks, 'int32', ['slots']);
  const factors = g.input(lowRankInputs.factors, 'float32', ['slots']);
  return (layer) => (linear, x, y, norm) => {
    const parts: readonly LinearName[] = linear === 'qkv' ? ['q', 'k', 'v'] : [linear];
    const [width0, width1 = 0, width2 = 0] = parts.map((part) => linearWidths(spec)[part][1]);
    const entry = layer * lowRankLinears.length + lowRankLinears.indexOf(parts[0]!);
    const inputs = [y, x, matrices, ranks, factors, norm === undefined ? null : stored(g, source, norm)];
    const attributes = { entry, width0: width0!, width1, width2, epsilon: real(spec.eps) };
    return g.contrib('LowRankUpdate', inputs, attributes, [{ dtype: 'float32', shape: y.shape }], ownDomain)[0]!;
  };
}
