import type { Graph, Node, Value } from '@parapet/onnx-graph/graph';
import { elementsOf } from './coordinates.ts';
import { weightOf } from './formulas.ts';

/** How the device carries out a node: as a product, by a kernel of its own, or within the kernels that read it. */
export type NodeKind = 'product' | 'softmax' | 'norm' | 'reduction' | 'scatter' | 'inline';

export function kindOf(node: Node): NodeKind {
  switch (node.op) {
    case 'MatMul':
    case 'FusedMatMul':
      return 'product';
    case 'Softmax':
      return 'softmax';
    case 'SimplifiedLayerNormalization':
      return 'norm';
    case 'ArgMax':
    case 'ReduceLogSumExp':
    case 'ReduceMax':
    case 'ReduceMean':
    case 'ReduceSum':
      return 'reduction';
    case 'ScatterND':
      return 'scatter';
    default:
      return 'inline';
  }
}

const viewOps = new Set(['Expand', 'Identity', 'Reshape', 'Split', 'Squeeze', 'Transpose', 'Unsqueeze']);
const sameOrderOps = new Set(['Identity', 'Reshape', 'Squeeze', 'Unsqueeze']);

/** The inputs that are data, not sizes or axes: those are settled while building. */
export function dataInputs(node: Node): readonly Value[] {
  const all = node.inputs.filter((input): input is Value => input !== null);
  return viewOps.has(node.op) || node.op.startsWith('Reduce') ? all.slice(0, 1) : all;
}

/** The value whose memory a value is, in the same order of elements. */
export function storageOf(value: Value): Value {
  const { producer } = value;
  return producer !== null && sameOrderOps.has(producer.op) ? storageOf(producer.inputs[0]!) : value;
}

/** The nodes that the outputs depend on, in order. */
export function neededNodes(g: Graph): Node[] {
  const needed = new Set<Node>();
  const open: Value[] = [...g.outputs];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    const node = value.producer;
    if (node === null || needed.has(node)) continue;
    needed.add(node);
    open.push(...dataInputs(node));
  }
  return g.nodes.filter((node) => needed.has(node));
}

/** An expression read more than once is kept in memory when computing it again costs more than this many reads. */
const dearest = 12;
/** An expression never grows larger than this. */
const largest = 60;

/**
 * The values that get memory of their own: what products and reductions give and take, outputs, and expressions that
 * are cheaper to keep than to compute again. All others are computed where they are read.
 */
export function storedValues(g: Graph, nodes: readonly Node[]): ReadonlySet<Value> {
  const stored = new Set<Value>(g.outputs);
  const always = (value: Value) => {
    if (value.producer !== null) stored.add(value);
  };
  for (const node of nodes) {
    if (kindOf(node) !== 'inline') for (const output of node.outputs) always(output);
    if (kindOf(node) === 'product') for (const input of dataInputs(node)) always(storageOf(input));
    if (kindOf(node) === 'norm') always(node.inputs[1]!);
    if (node.op === 'Concat') for (const input of dataInputs(node)) always(input);
  }
  const evaluations = evaluationsOf(nodes);
  const cost = new Map<Value, number>();
  for (const node of nodes) {
    for (const value of node.outputs) {
      if (stored.has(value)) continue;
      const own = viewOps.has(node.op) ? 0 : weightOf(node.op);
      const reads = dataInputs(node).reduce((sum, input) => sum + costOf(input, stored, cost), 0);
      const total = own + reads * (node.op === 'RotaryEmbedding' ? 1.5 : 1);
      cost.set(value, total);
      const times = (evaluations.get(value) ?? 0) / elementsOf(value.shape);
      const again = times > 1 && total * times > dearest && !viewOps.has(node.op);
      if (again || total > largest) stored.add(value);
    }
  }
  return stored;
}

function costOf(value: Value, stored: ReadonlySet<Value>, cost: ReadonlyMap<Value, number>): number {
  if (value.producer === null && elementsOf(value.shape) === 1) return 0;
  return stored.has(value) ? 1 : (cost.get(value) ?? 1);
}

/** How many elements of each value are asked for, views looked through. */
function evaluationsOf(nodes: readonly Node[]): Map<Value, number> {
  const found = new Map<Value, number>();
  for (const node of nodes.toReversed()) {
    const kind = kindOf(node);
    for (const input of dataInputs(node)) {
      const passes = kind === 'softmax' ? 3 : kind === 'norm' || node.op === 'ReduceLogSumExp' ? 2 : 1;
      const size = elementsOf((kind === 'inline' ? node.outputs[0]! : input).shape);
      const asked = viewOps.has(node.op)
        ? node.outputs.reduce((sum, output) => sum + (found.get(output) ?? 0), 0)
        : size * passes * (node.op === 'RotaryEmbedding' ? 2 : 1);
      found.set(input, (found.get(input) ?? 0) + asked);
    }
  }
  return found;
}
