import type { ParaConfig } from '@parapet/contracts/adapter';
import type { Graph, Value } from '@parapet/onnx-graph/graph';
import { attentionInputs } from './attention.ts';
import { decodeVariants, scaleName, type VectorVariant } from './decode-graph.ts';
import { type GraphSource, scaleWidth, stored } from './linears.ts';
import { lowRankUpdates } from './low-rank.ts';
import { promptScales } from './prompt-scales.ts';
import { decoderLayer, type LayerScales, newGraph, presentOutputs } from './serving-model.ts';

/**
 * How a prompt is adapted: by scales from outside (none, or a resumed row's), by scales made from the prompt, or by the
 * matrices of a LoRA adapter.
 */
export type PrefillMode =
  | { kind: 'given'; variant: VectorVariant }
  | { kind: 'generated'; config: ParaConfig }
  | { kind: 'lora' };

/** A name that tells modes apart. */
export function modeKey(mode: PrefillMode): string {
  if (mode.kind === 'lora') return 'lora';
  if (mode.kind === 'given') return `given-${mode.variant}`;
  const { targets, pooler, activation, bias } = mode.config;
  return `generated-${targets}-${pooler}-${activation}${bias ? '-bias' : ''}`;
}

/**
 * Layers `from ≤ l < to` of a prompt `[B, S]` from its first token: `input_ids` int64 (first group) or `hidden`
 * `[B, S, d]` → `hidden_out` `[B, S, d]`, keys and values into the cache, and `scale_*.l` `[B, 1, width]`: inputs when
 * given, outputs when generated; a LoRA's matrices as in decoding (`lowRankInputs`). Prompts shorter than S are filled up on the right.
 */
export function buildPrefillGraph(source: GraphSource, from: number, to: number, mode: PrefillMode): Graph {
  const { spec } = source;
  const g = newGraph(`prefill-${modeKey(mode)}-${from}-${to}`);
  let hidden =
    from === 0
      ? g.op('Gather', [stored(g, source, 'embed'), g.input('input_ids', 'int64', ['B', 'S'])], { axis: 0 })
      : g.input('hidden', 'float32', ['B', 'S', spec.width]);
  const { cache, ...attention } = attentionInputs(g, source, 'capacity');
  const adapter = mode.kind === 'generated' ? promptScales(g, spec, mode.config) : null;
  const lowRank = mode.kind === 'lora' ? lowRankUpdates(g, source) : undefined;
  for (let layer = from; layer < to; layer++) {
    const scalesOf = (normed: () => Value) => {
      if (adapter !== null) return adapter(layer, normed());
      const scales: LayerScales = {};
      if (mode.kind !== 'given') return scales;
      for (const linear of decodeVariants[mode.variant]) {
        scales[linear] = g.input(scaleName(layer, linear), 'float32', ['B', 1, scaleWidth(spec, linear)]);
      }
      return scales;
    };
    const out = decoderLayer(g, source, layer, hidden, { ...attention, ...cache(layer) }, scalesOf, lowRank?.(layer));
    presentOutputs(g, layer, out.present);
    hidden = out.hidden;
  }
  g.output('hidden_out', hidden);
  return g;
}
