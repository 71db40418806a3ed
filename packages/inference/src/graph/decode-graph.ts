import type { Graph } from '@parapet/onnx-graph/graph';
import type { ServingLinear } from '../weights/export-tensors.ts';
import { attentionInputs } from './attention.ts';
import { ownDomain } from './block-linear.ts';
import { batchScaleShape, batchScaleType, type GraphSource, rmsNorm, stored, storedLinear } from './linears.ts';
import { lowRankUpdates } from './low-rank.ts';
import { decoderLayer, type LayerScales, newGraph, presentOutputs } from './serving-model.ts';

/**
 * Which linears a decode graph scales: none, the paper's (Q and V through the packed projection, Up), or all. `lora` has
 * the low-rank updates of LoRA rows besides, for a batch in which there are any.
 */
export const decodeVariants = {
  base: [],
  qvu: ['qkv', 'up'],
  wide: ['qkv', 'o', 'gate', 'up', 'down'],
  lora: ['qkv', 'o', 'gate', 'up', 'down'],
} as const satisfies Record<string, readonly ServingLinear[]>;
export type DecodeVariant = keyof typeof decodeVariants;
/** Those of vectors alone. */
export type VectorVariant = Exclude<DecodeVariant, 'lora'>;

/** Name of the input that scales a layer's linear. */
export function scaleName(layer: number, linear: ServingLinear): string {
  return `scale_${linear}.${layer}`;
}

/**
 * One step of B rows: `input_ids` int64 `[B, 1]`, `last_positions`, `total_length`, the cache of every layer
 * (`past_key.l` and `present_key.l` bound to the same memory), `scale_*.l` (`batchScaleShape`), for
 * `lora` the rows' matrices (`lowRankInputs`) → `logits` `[B, 1, V]`, and with our own kernels `greedy` int32 `[B, 1]`, the first of the largest (−1 where no logit is a number).
 */
export function buildDecodeGraph(source: GraphSource, variant: DecodeVariant): Graph {
  const { spec } = source;
  const g = newGraph(`decode-${variant}`);
  const ids = g.input('input_ids', 'int64', ['B', 1]);
  const { cache, ...attention } = attentionInputs(g, source, 'capacity');
  let hidden = g.op('Gather', [stored(g, source, 'embed'), ids], { axis: 0 });
  const lowRank = variant === 'lora' ? lowRankUpdates(g, source) : undefined;
  for (let layer = 0; layer < spec.layers; layer++) {
    const scales: LayerScales = { scalesInTiles: source.weights.layout === 'panels' };
    for (const linear of decodeVariants[variant]) {
      const shape = batchScaleShape(spec, linear, source.weights.layout, 'B', 'slot_tiles');
      scales[linear] = g.input(scaleName(layer, linear), batchScaleType(source.weights.layout), shape);
    }
    const out = decoderLayer(
      g,
      source,
      layer,
      hidden,
      { ...attention, ...cache(layer) },
      () => scales,
      lowRank?.(layer),
    );
    presentOutputs(g, layer, out.present);
    hidden = out.hidden;
  }
  const normed = rmsNorm(g, source, 'final_norm', hidden);
  const logits = g.output('logits', storedLinear(g, source, 'head', [spec.width, spec.vocab], normed));
  if (source.weights.layout === 'panels') {
    const greedy = { dtype: 'int32', shape: ['B', 1] } as const;
    g.output('greedy', g.contrib('LargestIndex', [logits], {}, [greedy], ownDomain)[0]!);
  }
  return g;
}

/** Hidden states `[R, d]` → `logits` `[R, V]`: what prefill needs of the head, for the positions it asks. */
export function buildHeadGraph(source: GraphSource): Graph {
  const { spec } = source;
  const g = newGraph('head');
  const hidden = g.input('hidden', 'float32', ['R', spec.width]);
  const normed = rmsNorm(g, source, 'final_norm', hidden);
  g.output('logits', storedLinear(g, source, 'head', [spec.width, spec.vocab], normed));
  return g;
}
