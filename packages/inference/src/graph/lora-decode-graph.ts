import type { Graph, Value } from '@parapet/onnx-graph/graph';
import { type ServingLinear, servingLinearShape } from '../weights/export-tensors.ts';
import { attentionInputs } from './attention.ts';
import { type GraphSource, rmsNorm, stored, storedLinear } from './linears.ts';
import { decoderLayer, newGraph, presentOutputs } from './serving-model.ts';

/** Names of the inputs that hold a layer's LoRA matrices of every row: `[B, in, r]` and `[B, r, out]`. */
export function loraNames(layer: number, linear: ServingLinear): { a: string; b: string } {
  return { a: `lora_a_${linear}.${layer}`, b: `lora_b_${linear}.${layer}` };
}

/**
 * The decode step with an unmerged LoRA of its own for every row, on all linears: y += (x · A) · B. The comparison that
 * PARA's serving is measured against. Q, K and V are adapted as one product, which favours LoRA: one pair to read, not three.
 */
export function buildLoraDecodeGraph(source: GraphSource, rank: number): Graph {
  const { spec } = source;
  const g = newGraph('decode-lora');
  const ids = g.input('input_ids', 'int64', ['B', 1]);
  const { cache, ...attention } = attentionInputs(g, source, 'capacity');
  let hidden = g.op('Gather', [stored(g, source, 'embed'), ids], { axis: 0 });
  for (let layer = 0; layer < spec.layers; layer++) {
    const update = (linear: ServingLinear, x: Value, y: Value): Value => {
      const [input, output] = servingLinearShape(spec, linear);
      const names = loraNames(layer, linear);
      const a = g.input(names.a, 'float32', ['B', input, rank]);
      const b = g.input(names.b, 'float32', ['B', rank, output]);
      return g.op('Add', [y, g.op('MatMul', [g.op('MatMul', [x, a]), b])]);
    };
    const out = decoderLayer(g, source, layer, hidden, { ...attention, ...cache(layer) }, () => ({}), update);
    presentOutputs(g, layer, out.present);
    hidden = out.hidden;
  }
  const normed = rmsNorm(g, source, 'final_norm', hidden);
  g.output('logits', storedLinear(g, source, 'head', [spec.width, spec.vocab], normed));
  return g;
}
