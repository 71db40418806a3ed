import { describe, expect, it } from 'vitest';
import { coordinatesOf, offsetOf, throughBroadcast, throughReshape } from './coordinates.ts';

/** Evaluates integer expressions of C as JavaScript: division rounds down. */
function run(expression: string, names: Readonly<Record<string, number>>): number {
  const script = expression.replace(/(\w+|\([^()]*\)) \/ (\w+)/g, 'Math.floor(($1) / $2)');
  return new Function(...Object.keys(names), `return ${script};`)(...Object.values(names)) as number;
}

/** Names every intermediate expression, as kernels do, and keeps its value. */
function evaluator(names: Record<string, number>) {
  const name = (expression: string) => {
    if (/^\w+$/.test(expression)) return expression;
    const made = `t${Object.keys(names).length}`;
    names[made] = run(expression, names);
    return made;
  };
  return { name, value: (expression: string) => run(expression, names) };
}

describe('coordinates', () => {
  it('are the linear index taken apart, and put together again', () => {
    const shape = [3, 1, 4, 5];
    for (let i = 0; i < 60; i++) {
      const { name, value } = evaluator({ i });
      const at = coordinatesOf('i', shape, name);
      expect(at[1]).toBe('0');
      expect(at.map((one) => value(one))).toEqual([Math.floor(i / 20), 0, Math.floor(i / 5) % 4, i % 5]);
      expect(value(offsetOf(at, shape))).toBe(i);
    }
  });

  it.each([
    [
      [2, 3, 8, 4],
      [2, 3, 32],
    ],
    [
      [2, 24, 4],
      [2, 3, 8, 4],
    ],
    [
      [6, 1, 4],
      [2, 3, 4],
    ],
    [[24], [2, 3, 4]],
    [[2, 3, 4], [24]],
    [
      [1, 6],
      [3, 2, 1],
    ],
  ])('of a reshape to %j from %j are those of the same element', (to, from) => {
    const count = to.reduce((product, size) => product * size, 1);
    for (let i = 0; i < count; i++) {
      const { name, value } = evaluator({ i });
      const inner = throughReshape(coordinatesOf('i', to, name), to, from, name);
      expect(inner.length).toBe(from.length);
      expect(value(offsetOf(inner, from))).toBe(i);
    }
  });

  it('of what is broadcast leave out what is repeated', () => {
    expect(throughBroadcast(['a', 'b', 'c'], [1, 7])).toEqual(['0', 'c']);
    expect(throughBroadcast(['a', 'b', 'c'], [])).toEqual([]);
  });
});
