import { meanOver, mul, neg, sub, unbroadcast } from '../build.ts';
import { normalAxis } from '../dims.ts';
import { forEachIndex, forEachLine, mapElements, type NdArray, ndarray, stridesOf } from '../ndarray.ts';
import { need, type OpRule, sameDType } from './rule.ts';

/** r = (mean x² + ε)^−½ over the last axis, [..., 1]. */
function inverseNorm(x: NdArray, epsilon: number): NdArray {
  const found: number[] = [];
  forEachLine(x.shape, x.shape.length - 1, (line) => {
    const square = line.reduce((sum, i) => sum + x.data[i]! ** 2, 0) / line.length;
    found.push(1 / Math.sqrt(square + epsilon));
  });
  return ndarray(x.shape.with(-1, 1), found, 'float32');
}

export const normalise = {
  /** RMSNorm over the last axis: x [..., D], gain [D] → y [..., D] and, as second output, the inverse norm [..., 1]. */
  SimplifiedLayerNormalization: {
    infer: (inputs, { axis = -1 }, outputs) => {
      const x = need(inputs, 0);
      if (normalAxis(axis, x.shape.length) !== x.shape.length - 1) throw new Error('Only the last axis is supported.');
      const results = [
        { dtype: sameDType(inputs), shape: x.shape },
        { dtype: 'float32' as const, shape: x.shape.with(-1, 1) },
      ];
      return results.slice(0, outputs);
    },
    evaluate: (inputs, { epsilon }, outputs) => {
      const [x, gain] = [need(inputs, 0), need(inputs, 1)];
      const r = inverseNorm(x, epsilon?.float ?? 1e-5);
      return [mapElements([x, r, gain], (a, b, c) => a * b * c), r].slice(0, outputs);
    },
    // y = γ · x̂, x̂ = r · x. With h = γ · dy: dx = r · (h − x̂ · mean(h · x̂)), dγ = Σ dy · x̂
    vjp: ({ g, node, inputs: [x, gain], dy }) => {
      const r = g.furtherOutput(node, 1);
      const unit = mul(x!, r);
      return [
        () => {
          const h = mul(dy, gain!);
          return mul(r, sub(h, mul(unit, meanOver(mul(h, unit), [-1]))));
        },
        () => unbroadcast(mul(dy, unit), gain!),
      ];
    },
  } satisfies OpRule<'SimplifiedLayerNormalization'>,
  /** x + skip, then RMSNorm: outputs y, –, –, x + skip. */
  SkipSimplifiedLayerNormalization: {
    infer: (inputs, _attributes, outputs) => {
      const { dtype, shape } = need(inputs, 0);
      const statistic = shape.with(-1, 1);
      return [
        { dtype, shape },
        { dtype, shape: statistic },
        { dtype, shape: statistic },
        { dtype, shape },
      ].slice(0, outputs);
    },
    evaluate: ([x, skip, gain], { epsilon }, outputs) => {
      const sum = mapElements([x!, skip!], (a, b) => a + b);
      const r = inverseNorm(sum, epsilon?.float ?? 1e-5);
      const y = mapElements([sum, r, gain!], (a, b, c) => a * b * c);
      return [y, mapElements([r], () => 0), r, sum].slice(0, outputs);
    },
    vjp: { none: 'training graphs write it as Add and SimplifiedLayerNormalization, whose sum is kept anyway' },
  } satisfies OpRule<'SkipSimplifiedLayerNormalization'>,
  /** x [B, heads, S, headDim] or [B, S, heads·headDim], position ids [B, S] or [1], cos and sin [max, headDim/2]. */
  RotaryEmbedding: {
    infer: (inputs) => [{ dtype: need(inputs, 0).dtype, shape: need(inputs, 0).shape }],
    evaluate: ([x, positions, cos, sin], { interleaved = 0, rotary_embedding_dim = 0 }) => {
      const half = cos!.shape[1]!;
      if (rotary_embedding_dim !== 0 && rotary_embedding_dim !== 2 * half) throw new Error('Partial rotation.');
      const headDim = 2 * half;
      const byHeads = x!.shape.length === 4;
      const strides = stridesOf(x!.shape);
      const data = new Float64Array(x!.data.length);
      forEachIndex(x!.shape, (flat, at) => {
        const [b, s] = [at[0]!, byHeads ? at[2]! : at[1]!];
        const S = byHeads ? x!.shape[2]! : x!.shape[1]!;
        const position = positions!.data.length === 1 ? positions!.data[0]! + s : positions!.data[b * S + s]!;
        const i = at.at(-1)! % headDim;
        const first = interleaved ? i % 2 === 0 : i < half;
        const pair = interleaved ? Math.floor(i / 2) : i % half;
        const apart = (interleaved ? 1 : half) * strides.at(-1)!;
        const [c, d] = [cos!.data[position * half + pair]!, sin!.data[position * half + pair]!];
        const [own, other] = [x!.data[flat]!, x!.data[first ? flat + apart : flat - apart]!];
        data[flat] = first ? own * c - other * d : own * c + other * d;
      });
      return [{ ...x!, data }];
    },
    // A rotation's transpose is the rotation back: the same op with the sine negated.
    vjp: ({ g, node, dy, attributes }) => [
      () => {
        const [, positions, cos, sin] = node.inputs;
        return g.op('RotaryEmbedding', [dy, positions!, cos!, neg(sin!)], attributes);
      },
      null,
      null,
      null,
    ],
  } satisfies OpRule<'RotaryEmbedding'>,
};
