import { normalAxis } from '../dims.ts';
import { need, type OpRule, sameDType } from './rule.ts';

export const normalise = {
  /** RMSNorm: x [..., D], gain [D] → y [..., D] and, as second output, the inverse norm [..., 1]. */
  SimplifiedLayerNormalization: {
    infer: (inputs, { axis = -1 }, outputs) => {
      const x = need(inputs, 0);
      const at = normalAxis(axis, x.shape.length);
      const results = [
        { dtype: sameDType(inputs), shape: x.shape },
        { dtype: 'float32' as const, shape: x.shape.map((dim, i) => (i < at ? dim : 1)) },
      ];
      return results.slice(0, outputs);
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
  } satisfies OpRule<'SkipSimplifiedLayerNormalization'>,
  /** x [B, heads, S, headDim] or [B, S, heads·headDim], position ids [B, S] or [1], cos and sin caches [max, headDim/2]. */
  RotaryEmbedding: {
    infer: (inputs) => [{ dtype: need(inputs, 0).dtype, shape: need(inputs, 0).shape }],
  } satisfies OpRule<'RotaryEmbedding'>,
};
