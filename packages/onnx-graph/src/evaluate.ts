import { float16Value } from './float16.ts';
import type { Graph, Initializer, Value } from './graph.ts';
import { type NdArray, ndarray } from './ndarray.ts';
import type { Arrays } from './ops/rule.ts';
import { ruleOf } from './ops/table.ts';

/**
 * Computes values of a graph by the ops' definitions, floats in float64: the reference that the runtime and
 * the gradients are held to. Slow: for small models. `feeds` gives every graph input by name.
 */
export function evaluate(
  g: Graph,
  feeds: Readonly<Record<string, NdArray>>,
  wanted: readonly Value[] = g.outputs,
): NdArray[] {
  const arrays = new Map<Value, NdArray>();
  for (const input of g.inputs) {
    const fed = feeds[input.name];
    if (!fed) throw new Error(`Input "${input.name}" was not fed.`);
    if (
      fed.shape.length !== input.shape.length ||
      input.shape.some((d, i) => typeof d === 'number' && d !== fed.shape[i])
    ) {
      throw new Error(`Input "${input.name}" is [${input.shape}], it was fed [${fed.shape}].`);
    }
    arrays.set(input, { ...fed, dtype: input.dtype });
  }
  for (const one of g.initializers.values()) arrays.set(one.value, initializerArray(one));
  for (const node of g.nodes) {
    const rule = ruleOf(node.op);
    if (!rule) throw new Error(`${node.op} (${node.name}) is a contrib op without a reference evaluation.`);
    const inputs: Arrays = node.inputs.map((input) => (input ? arrays.get(input)! : null));
    const results = rule.evaluate(inputs, node.attributes, node.outputs.length);
    for (const [i, output] of node.outputs.entries()) arrays.set(output, results[i]!);
  }
  return wanted.map((value) => arrays.get(value)!);
}

function initializerArray({ value, dtype, shape, data }: Initializer): NdArray {
  if ('file' in data)
    throw new Error(`"${value.name}" lies in ${data.file}: the reference evaluator wants it in memory.`);
  if (dtype === 'float16') return ndarray(shape, Float64Array.from(data as Uint16Array, float16Value), dtype);
  if (dtype === 'bfloat16') throw new Error('bfloat16 weights are not evaluated.');
  return ndarray(shape, Float64Array.from(data as ArrayLike<number | bigint>, Number), dtype);
}
