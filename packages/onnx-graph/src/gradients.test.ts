import { describe, expect, it } from 'vitest';
import { add, mul, sumOver } from './build.ts';
import { isFloat } from './dtype.ts';
import { evaluate } from './evaluate.ts';
import { gradients } from './gradients.ts';
import { Graph, type Value } from './graph.ts';
import { type NdArray, ndarray } from './ndarray.ts';
import type { OpName } from './ops/attributes.ts';
import { ruleOf } from './ops/table.ts';
import { buildCase, normal, type RuleCase, randomSource, ruleCases } from './testing/rule-cases.ts';

/** L = Σ over float outputs of ⟨u, y⟩ with random u (further inputs u0, u1 …), as a scalar. */
function randomFunctional(
  g: Graph,
  outputs: readonly Value[],
  feeds: Record<string, NdArray>,
  random: () => number,
): Value {
  const sizes = evaluate(g, feeds, outputs);
  const terms = outputs.flatMap((y, i) => {
    if (!isFloat(y.dtype)) return [];
    const u = g.input(`u${i}`, y.dtype, y.shape);
    feeds[u.name] = { ...sizes[i]!, data: sizes[i]!.data.map(() => normal(random)) };
    const product = mul(y, u);
    return [
      g.op('Reshape', [
        sumOver(
          product,
          product.shape.map((_, axis) => axis),
        ),
        [],
      ]),
    ];
  });
  return terms.reduce(add);
}

/** |⟨v, ∇L⟩ − (L(x + hv) − L(x − hv)) / 2h| relative to the larger, for a random direction v of all float inputs. */
function directionError<K extends OpName>(op: K, one: RuleCase<K>, seed: number): number {
  const random = randomSource(seed + 1000);
  const g = new Graph(op);
  const { feeds, inputs, outputs } = buildCase(g, op, one, seed);
  const loss = randomFunctional(g, outputs, feeds, random);
  const sources = inputs.filter((x): x is Value => x !== null && isFloat(x.dtype) && g.inputs.includes(x));
  const derivatives = evaluate(g, feeds, gradients(g, loss, sources));
  const direction = new Map(sources.map((x) => [x.name, Float64Array.from(feeds[x.name]!.data, () => normal(random))]));
  const h = 1e-5;
  const moved = (by: number) => {
    const at = Object.entries(feeds).map(([name, x]): [string, NdArray] => {
      const v = direction.get(name);
      return [name, v ? { ...x, data: x.data.map((value, i) => value + by * v[i]!) } : x];
    });
    return evaluate(g, Object.fromEntries(at), [loss])[0]!.data[0]!;
  };
  const numeric = (moved(h) - moved(-h)) / (2 * h);
  let analytic = 0;
  for (const [i, x] of sources.entries()) {
    for (const [j, v] of direction.get(x.name)!.entries()) analytic += v * derivatives[i]!.data[j]!;
  }
  return Math.abs(analytic - numeric) / Math.max(1, Math.abs(analytic), Math.abs(numeric));
}

describe('vjp rules against central differences in float64', () => {
  for (const [op, cases] of Object.entries(ruleCases) as [OpName, RuleCase<OpName>[]][]) {
    const vjp = ruleOf(op)!.vjp;
    if ('none' in vjp) {
      it(`${op} has none: ${vjp.none}`, () => {
        const g = new Graph(op);
        const { inputs, outputs } = buildCase(g, op, cases[0]!, 1);
        const source = inputs.find((x) => x !== null && g.inputs.includes(x));
        if (!source) return;
        const seed = g.input('dy', outputs[0]!.dtype, outputs[0]!.shape);
        expect(() => gradients(g, outputs[0]!, [source], { seed })).toThrow('has no derivative');
      });
    } else {
      it(op, () => {
        for (const one of cases) for (const seed of [1, 2, 3]) expect(directionError(op, one, seed)).toBeLessThan(1e-6);
      });
    }
  }
});

describe('gradients', () => {
  it('adds the gradients of all uses of a value', () => {
    const g = new Graph('uses');
    const x = g.input('x', 'float32', [2]);
    const y = sumOver(add(mul(x, x), mul(3, x)), [0]);
    const [dx] = gradients(g, g.op('Squeeze', [y, [0]]), [x]);
    expect([...evaluate(g, { x: ndarray([2], [5, -1]) }, [dx!])[0]!.data]).toEqual([13, 1]);
  });

  it('computes nothing for frozen weights', () => {
    const g = new Graph('frozen');
    const x = g.input('x', 'float32', ['B', 4]);
    const trained = g.initializer('a', { dtype: 'float32', shape: [4], data: new Float32Array(4) });
    const frozen = g.initializer('w', { dtype: 'float32', shape: [4, 4], data: new Float32Array(16) });
    const y = g.op('MatMul', [mul(g.op('MatMul', [x, frozen]), trained), frozen]);
    const loss = g.op('ReduceSum', [y], { keepdims: 0 });
    const before = g.nodes.length;
    gradients(g, loss, [trained]);
    const products = g.nodes.slice(before).filter((node) => node.op.includes('MatMul'));
    expect(products.map((node) => [node.op, node.inputs[1]!.name])).toEqual([['FusedMatMul', 'w']]);
  });

  it('computes again what it is told not to keep, after the gradient that needs it', () => {
    const build = (again: boolean) => {
      const g = new Graph('again');
      const x = g.input('x', 'float32', ['B', 3]);
      const inner = g.op('Tanh', [mul(x, 2)]);
      const loss = g.op('ReduceSum', [mul(mul(inner, inner), x)], { keepdims: 0 });
      const recompute = again ? new Set([inner, inner.producer!.inputs[0]!]) : undefined;
      const [dx] = gradients(g, loss, [x], { recompute });
      return { g, dx: dx!, inner };
    };
    const [plain, again] = [build(false), build(true)];
    const feeds = { x: ndarray([2, 3], [0.1, -0.4, 2, 0.3, 1, -1]) };
    const expected = evaluate(plain.g, feeds, [plain.dx])[0]!.data;
    expect(evaluate(again.g, feeds, [again.dx])[0]!.data).toEqual(expected);
    expect(again.g.nodes.filter((node) => node.op === 'Tanh')).toHaveLength(2);
    // Forward, the square and its product use it; backward, nothing does.
    expect(again.g.nodes.filter((node) => node.inputs.includes(again.inner))).toHaveLength(1);
  });

  it('says which op stands in the way, and which parameter is never used', () => {
    const g = new Graph('none');
    const x = g.input('x', 'float32', [2]);
    const unused = g.input('unused', 'float32', [2]);
    const loss = g.op('ReduceSum', [g.op('Sign', [x])], { keepdims: 0 });
    expect(() => gradients(g, loss, [x])).toThrow('Sign (Sign.');
    expect(() => gradients(g, loss, [unused])).toThrow('does not depend on "unused"');
    expect(() => gradients(g, x, [x])).toThrow('must be a scalar');
  });
});
