import { add } from './build.ts';
import type { Graph, Node, Value } from './graph.ts';
import type { OpName } from './ops/attributes.ts';
import type { Backward } from './ops/rule.ts';
import { ruleOf } from './ops/table.ts';
import { Recomputation } from './recompute.ts';

export interface GradientOptions {
  /** ∂/∂loss; by default 1, for a scalar loss. */
  seed?: Value;
  /** Values of the forward pass that the backward pass computes again instead of keeping: less memory, more work. */
  recompute?: ReadonlySet<Value>;
}

/**
 * Reverse-mode differentiation: adds to the graph the nodes that compute ∂loss/∂p for each p of `parameters`
 * (graph inputs or initializers), and gives their values, each of its parameter's shape.
 *
 * The graph built so far is the tape. Walking it backwards, the gradient of a value is the sum of what its uses
 * send back; a use sends one only towards inputs from which a parameter can be reached, so nothing is computed
 * for frozen weights.
 *
 * Throws when a parameter does not reach the loss, or reaches it only through an op without a derivative.
 */
export function gradients(
  g: Graph,
  loss: Value,
  parameters: readonly Value[],
  { seed, recompute = new Set() }: GradientOptions = {},
): Value[] {
  if (!seed && loss.shape.length > 0) throw new Error(`The loss must be a scalar, it is [${loss.shape.join(', ')}].`);
  const tape = [...g.nodes];
  const trainable = reachedFrom(tape, parameters);
  const again = new Recomputation(g, recompute);
  const received = new Map<Value, Value[]>([[loss, [seed ?? g.constant(loss.dtype, [], [1])]]]);

  /** ∂loss/∂value, once all its uses have sent theirs. */
  const gradientOf = (value: Value): Value | null => {
    const parts = received.get(value);
    if (!parts) return null;
    const sum = parts.reduce(add);
    received.set(value, [sum]);
    return sum;
  };

  for (const node of tape.reverse()) {
    if (!node.inputs.some((input) => input && trainable.has(input))) continue;
    const dys = node.outputs.map(gradientOf);
    if (dys.every((dy) => dy === null)) continue;
    for (const [input, dx] of pullBack(g, node, dys, trainable, again)) {
      received.set(input, [...(received.get(input) ?? []), dx]);
    }
  }
  return parameters.map((parameter) => {
    const gradient = gradientOf(parameter);
    if (!gradient) throw new Error(`"${loss.name}" does not depend on "${parameter.name}".`);
    return gradient;
  });
}

/** All values computed from `sources`, themselves included. */
function reachedFrom(tape: readonly Node[], sources: readonly Value[]): ReadonlySet<Value> {
  const reached = new Set(sources);
  for (const node of tape) {
    if (node.inputs.some((input) => input && reached.has(input))) for (const y of node.outputs) reached.add(y);
  }
  return reached;
}

/** The gradients a node sends to those of its inputs that want one. */
function pullBack(
  g: Graph,
  node: Node,
  dys: readonly (Value | null)[],
  trainable: ReadonlySet<Value>,
  again: Recomputation,
): [Value, Value][] {
  const rule = ruleOf(node.op);
  if (!rule) throw new Error(`${node.op} (${node.name}) is a contrib op without rules and can't be differentiated.`);
  const { vjp } = rule;
  if ('none' in vjp) throw new Error(`${node.op} (${node.name}) has no derivative: ${vjp.none}.`);
  return g.scoped('grad', () => {
    const pullbacks = vjp(backwardOf(g, node, dys, again));
    return node.inputs.flatMap((input, i): [Value, Value][] => {
      if (!input || !trainable.has(input)) return [];
      const pullback = pullbacks[i];
      if (!pullback) throw new Error(`${node.op} (${node.name}) has no derivative by its input ${i}, "${input.name}".`);
      const dx = pullback();
      if (dx.shape.join() !== input.shape.join()) {
        throw new Error(`The gradient of ${node.op}'s input ${i} is [${dx.shape}], not [${input.shape}].`);
      }
      return [[input, dx]];
    });
  });
}

/**
 * What a rule starts from. The one cast that hides optional inputs and outputs from the formulas: a formula names
 * the inputs its op requires, and reads `dys` when its op has several outputs.
 */
function backwardOf(g: Graph, node: Node, dys: readonly (Value | null)[], again: Recomputation): Backward<OpName> {
  const after = dys.find((dy) => dy !== null)!;
  const inputs = node.inputs.map((input) => input && again.value(input, after));
  const outputs = node.outputs.map((output) => again.value(output, after));
  return { g, node, inputs, outputs, attributes: node.attributes, dy: dys[0], dys } as unknown as Backward<OpName>;
}
