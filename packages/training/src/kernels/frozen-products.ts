import { ownDomain } from '@parapet/onnx-graph/attributes';
import type { Graph, Node } from '@parapet/onnx-graph/graph';

/**
 * Products with a frozen linear's weight, forward and backward, become `FrozenProduct`, which reads the weight where it
 * is mapped. Changes the graph, after the gradients have been added: our operators have no derivative.
 *
 * @returns how many there were
 */
export function useFrozenProducts(g: Graph): number {
  let count = 0;
  g.nodes.forEach((node, i) => {
    if (!isFrozenProduct(g, node)) return;
    const transB = node.op === 'FusedMatMul' ? ((node.attributes.transB as number | undefined) ?? 0) : 0;
    g.nodes[i] = { ...node, op: 'FrozenProduct', domain: ownDomain, attributes: { transB } };
    count += 1;
  });
  return count;
}

/** A matrix in a file on the right; the head is left out, few targets are no work for tiles. */
function isFrozenProduct(g: Graph, { op, inputs, attributes }: Node): boolean {
  if (op !== 'MatMul' && op !== 'FusedMatMul') return false;
  const [left, right] = inputs;
  const weight = right && g.initializers.get(right);
  if (left?.dtype !== 'float32' || !weight || !('file' in weight.data)) return false;
  return weight.shape.length === 2 && right.name.startsWith('layers.') && !attributes.transA && !attributes.alpha;
}
