import { kvWidth, type ModelSpec, queryWidth } from '@parapet/models/spec';
import { concat, expand } from '@parapet/onnx-graph/build';
import type { Dim } from '@parapet/onnx-graph/dims';
import type { Value } from '@parapet/onnx-graph/graph';
import type { AdjustingVectors } from './vectors.ts';

/**
 * The vectors of q, k and v side by side, `[B, 1, dq + 2·dkv]`, ones where a linear is not adapted: what the packed
 * QKV product of a decode step is multiplied with. null when none of the three is adapted.
 *
 * @param rows B, as the graph names it
 */
export function packQkv(vectors: AdjustingVectors, spec: ModelSpec, rows: Dim): Value | null {
  const some = vectors.q ?? vectors.k ?? vectors.v;
  if (some === undefined) return null;
  const one = some.graph.constant(some.dtype, [], [1]);
  const part = (vector: Value | undefined, width: number) => vector ?? expand(one, [rows, 1, width]);
  return concat(
    [part(vectors.q, queryWidth(spec)), part(vectors.k, kvWidth(spec)), part(vectors.v, kvWidth(spec))],
    -1,
  );
}
