import { type Dim, dimTerms } from './dims.ts';
import type { Graph, Value } from './graph.ts';

/** Nodes that compute a symbolic dimension as an int64 scalar, from the shapes of the graph's inputs. */
export function dimension(g: Graph, dim: Dim): Value {
  const terms = dimTerms(dim);
  const only = terms[0];
  if (terms.length === 1 && only?.coefficient === 1 && only.names.length === 1) return ofInput(g, only.names[0]!);
  return terms
    .map(({ names, coefficient }) =>
      names.reduce<Value>((product, name, i) => {
        if (i === 0 && coefficient === 1) return g.dim(name);
        return g.op('Mul', [product, g.dim(name)]);
      }, g.dim(coefficient)),
    )
    .reduce((sum, term) => g.op('Add', [sum, term]));
}

function ofInput(g: Graph, name: string): Value {
  for (const input of g.inputs) {
    const axis = input.shape.indexOf(name);
    if (axis < 0) continue;
    const shape = g.op('Shape', [input], { start: axis, end: axis + 1 });
    return g.op('Squeeze', [shape, [0]]);
  }
  throw new Error(`Dimension "${name}" is in no input of graph "${g.name}": give it as a dimension of an input.`);
}
