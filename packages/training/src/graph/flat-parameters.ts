import type { AdapterConfig } from '@parapet/contracts/adapter';
import type { ModelSpec } from '@parapet/models/spec';
import { reshape } from '@parapet/onnx-graph/build';
import type { Value } from '@parapet/onnx-graph/graph';
import type { AdapterTensors } from '@parapet/para/init';
import { adapterTensors } from '@parapet/para/tensors';

/**
 * All trained numbers as one vector θ [N], tensor after tensor in file order: gradient, moments, clipping and the
 * optimiser are then each one value, whatever the method.
 */
export interface FlatLayout {
  size: number;
  tensors: readonly { name: string; shape: readonly number[]; offset: number; size: number }[];
}

export function flatLayout(config: AdapterConfig, spec: ModelSpec): FlatLayout {
  let offset = 0;
  const tensors = [...adapterTensors(config, spec)].map(([name, { shape }]) => {
    const size = shape.reduce((product, length) => product * length, 1);
    const placed = { name, shape, offset, size };
    offset += size;
    return placed;
  });
  return { size: offset, tensors };
}

/**
 * θ's parts in the graph, each in its shape. Cut by kind, then by layer: on a GPU one Split into all of them (and the
 * Concat that is its gradient) took a quarter of a training step.
 */
export function unflatten(theta: Value, { tensors, size }: FlatLayout): Map<string, Value> {
  const g = theta.graph;
  const kinds = tensors.filter(({ name }) => name.startsWith('layers.0.'));
  const layers = tensors.length / kinds.length;
  const rows = reshape(theta, [layers, size / layers]);
  const columns = g.op('Split', [rows, kinds.map((kind) => kind.size)], { axis: 1 }, kinds.length);
  const parts = columns.map((column) =>
    g.op('Split', [column, new Array<number>(layers).fill(1)], { axis: 0 }, layers),
  );
  return new Map(
    tensors.map(({ name, shape }, i) => [
      name,
      reshape(parts[i % kinds.length]![Math.floor(i / kinds.length)]!, shape),
    ]),
  );
}

/** An adapter's tensors as θ. */
export function flatten(tensors: AdapterTensors, layout: FlatLayout): Float32Array {
  const theta = new Float32Array(layout.size);
  for (const { name, offset, size } of layout.tensors) {
    const data = tensors.get(name);
    if (data?.length !== size) throw new RangeError(`tensor ${name} must have ${size} numbers, not ${data?.length}`);
    theta.set(data, offset);
  }
  return theta;
}

/** θ as an adapter's tensors (copies). */
export function tensorsOf(theta: Float32Array, layout: FlatLayout): AdapterTensors {
  return new Map(layout.tensors.map(({ name, offset, size }) => [name, theta.slice(offset, offset + size)]));
}
