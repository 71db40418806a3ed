import { mapElements } from '../ndarray.ts';
import { need, type OpRule, sameDType } from './rule.ts';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const silu = (x: number): number => x * sigmoid(x);
/** s · (1 + x · (1 − s)), s = σ(x). */
const siluSlope = (x: number): number => sigmoid(x) * (1 + x * (1 - sigmoid(x)));

/** The gated product of a feed-forward network as one op, and its derivative as another: gate, up of one shape. */
export const gated = {
  // y = silu(gate) · up: dgate = dy · up · silu′(gate), dup = dy · silu(gate)
  SwiGlu: {
    infer: (inputs) => [{ dtype: sameDType(inputs), shape: need(inputs, 0).shape }],
    evaluate: (inputs) => [mapElements([need(inputs, 0), need(inputs, 1)], (gate, up) => silu(gate) * up)],
    vjp: ({ g, inputs: [gate, up], dy }) => {
      const both = g.op('SwiGluGradient', [gate!, up!, dy], {}, 2);
      return [() => both[0]!, () => both[1]!];
    },
  } satisfies OpRule<'SwiGlu'>,
  SwiGluGradient: {
    infer: (inputs) => [0, 1].map(() => ({ dtype: sameDType(inputs), shape: need(inputs, 0).shape })),
    evaluate: (inputs) => {
      const all = [need(inputs, 0), need(inputs, 1), need(inputs, 2)];
      return [
        mapElements(all, (gate, up, dy) => dy! * up! * siluSlope(gate!)),
        mapElements(all, (gate, _up, dy) => dy! * silu(gate!)),
      ];
    },
    vjp: { none: 'it is a derivative already' },
  } satisfies OpRule<'SwiGluGradient'>,
};
