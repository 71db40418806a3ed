import type { Graph, Node, Value } from './graph.ts';
import type { OpName } from './ops/attributes.ts';

/**
 * Values of the forward pass computed a second time for the backward pass.
 *
 * A copy that reads the same values would be merged with the original, or run as early as it, and nothing would be
 * saved. So one input of each copy goes through a Reshape to its own shape plus 0 · the shape of the gradient that
 * asks: free at run time, but no optimiser can tell, and it can't run before that gradient is there.
 */
export class Recomputation {
  readonly #copies = new Map<Value, Value>();

  constructor(
    private readonly g: Graph,
    private readonly recompute: ReadonlySet<Value>,
  ) {}

  /** The value itself, or its copy where it is not kept. `after` is the gradient that the copy must wait for. */
  value(value: Value, after: Value): Value {
    if (!this.recompute.has(value) || value.producer === null) return value;
    const found = this.#copies.get(value);
    if (found) return found;
    this.#copy(value.producer, after);
    return this.#copies.get(value)!;
  }

  #copy(node: Node, after: Value): void {
    let waits = false;
    const inputs = node.inputs.map((input) => {
      if (!input) return null;
      const again = this.value(input, after);
      if (again !== input || waits || input.producer === null) {
        waits ||= again !== input;
        return again;
      }
      waits = true;
      return this.#behind(input, after);
    });
    const copies = this.g.op(node.op as OpName, inputs, node.attributes as never, node.outputs.length);
    for (const [i, output] of node.outputs.entries()) this.#copies.set(output, copies[i]!);
  }

  #behind(x: Value, after: Value): Value {
    const { g } = this;
    if (after.shape.length === 0) return x;
    const nothing = g.op('Mul', [g.op('Shape', [after], { start: 0, end: 1 }), [0]]);
    return g.op('Reshape', [x, g.op('Add', [g.op('Shape', [x]), nothing])]);
  }
}
