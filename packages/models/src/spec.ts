import { z } from 'zod';

/**
 * The numbers of a Llama-like decoder: RMSNorm, rotary positions, grouped-query attention, gated feed-forward.
 * They and the weights are all that a graph is built from.
 */
export const modelSpecSchema = z.strictObject({
  architecture: z.literal('llama'),
  layers: z.int().min(1).max(1024),
  /** d: width of the residual stream. */
  width: z.int().min(1),
  heads: z.int().min(1),
  kvHeads: z.int().min(1),
  headDim: z.int().min(2),
  /** f: inner width of the feed-forward network. */
  ffn: z.int().min(1),
  vocab: z.int().min(1),
  ropeTheta: z.number().positive(),
  /** ε of every RMSNorm. */
  eps: z.number().positive(),
  /** Longest sequence in tokens, prompt and completion. */
  context: z.int().min(1),
  /** The head is the embedding's transpose; there is no tensor of its own. */
  tiedHead: z.boolean(),
  activation: z.enum(['silu', 'gelu_tanh']),
});
export type ModelSpec = z.infer<typeof modelSpecSchema>;

/** dq = heads · headDim: width of the query. */
export const queryWidth = (spec: ModelSpec): number => spec.heads * spec.headDim;

/** dkv = kvHeads · headDim: width of the key and of the value. */
export const kvWidth = (spec: ModelSpec): number => spec.kvHeads * spec.headDim;

/** Widths of the seven linears of a layer: `[in, out]`. */
export function linearWidths(spec: ModelSpec): Record<LinearWeight, readonly [number, number]> {
  const dq = queryWidth(spec);
  const dkv = kvWidth(spec);
  return {
    q: [spec.width, dq],
    k: [spec.width, dkv],
    v: [spec.width, dkv],
    o: [dq, spec.width],
    gate: [spec.width, spec.ffn],
    up: [spec.width, spec.ffn],
    down: [spec.ffn, spec.width],
  };
}

export const linearWeights = ['q', 'k', 'v', 'o', 'gate', 'up', 'down'] as const;
export type LinearWeight = (typeof linearWeights)[number];
export type LayerWeight = LinearWeight | 'attn_norm' | 'ffn_norm';

/** A weight's name, whatever file it comes from. */
export type WeightName = 'embed' | 'final_norm' | 'head' | `layers.${number}.${LayerWeight}`;

/** Every weight of a model in its canonical order, with its shape; linears are `[out, in]`, as files hold them. */
export function weightShapes(spec: ModelSpec): Map<WeightName, readonly number[]> {
  const shapes = new Map<WeightName, readonly number[]>([['embed', [spec.vocab, spec.width]]]);
  const widths = linearWidths(spec);
  for (let layer = 0; layer < spec.layers; layer++) {
    shapes.set(`layers.${layer}.attn_norm`, [spec.width]);
    for (const name of ['q', 'k', 'v', 'o'] as const)
      shapes.set(`layers.${layer}.${name}`, [...widths[name]].reverse());
    shapes.set(`layers.${layer}.ffn_norm`, [spec.width]);
    for (const name of ['gate', 'up', 'down'] as const)
      shapes.set(`layers.${layer}.${name}`, [...widths[name]].reverse());
  }
  shapes.set('final_norm', [spec.width]);
  if (!spec.tiedHead) shapes.set('head', [spec.vocab, spec.width]);
  return shapes;
}

/** Numbers in the model; a tied head is counted once. */
export function modelParameters(spec: ModelSpec): number {
  let count = 0;
  for (const shape of weightShapes(spec).values()) count += shape.reduce((product, size) => product * size, 1);
  return count;
}
