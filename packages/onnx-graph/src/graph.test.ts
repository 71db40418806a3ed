import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { encodeModel } from './encode.ts';
import { Graph } from './graph.ts';

describe('Graph', () => {
  it('infers symbolic shapes and runs in ONNX Runtime', async () => {
    const g = new Graph('attention');
    const x = g.input('x', 'float32', ['B', 'S', 8]);
    const w = g.initializer('w', { dtype: 'float32', shape: [8, 8], data: new Float32Array(64).fill(0.1) });
    const q = g.op('Reshape', [g.op('MatMul', [x, w]), [0, 0, 2, 4]]);
    expect(q.shape).toEqual(['B', 'S', 2, 4]);
    const flat = g.op('Reshape', [q, [-1, 8]]);
    expect(flat.shape).toEqual(['B*S', 8]);
    const scores = g.op('Softmax', [g.op('MatMul', [flat, g.op('Transpose', [flat], { perm: [1, 0] })])], { axis: -1 });
    expect(scores.shape).toEqual(['B*S', 'B*S']);
    const [a] = g.op(
      'Split',
      [g.op('Mul', [scores, g.op('Cast', [g.dim('2*B*S-1')], { to: 'float32' })])],
      { axis: 0 },
      1,
    );
    g.output('y', a!);
    const session = await InferenceSession.create(encodeModel(g, { valueInfo: true }));
    const { y } = await session.run({ x: new Tensor('float32', new Float32Array(2 * 3 * 8).fill(1), [2, 3, 8]) });
    expect(y!.dims).toEqual([6, 6]);
    for (const p of y!.data as Float32Array) expect(p).toBeCloseTo(11 / 6, 5);
  });

  it('reads the sizes of a Split into hundreds of parts', () => {
    const g = new Graph('parts');
    const x = g.input('x', 'float32', [600]);
    const parts = g.op('Split', [x, new Array<number>(300).fill(2)], { axis: 0 }, 300);
    expect(parts[299]!.shape).toEqual([2]);
  });

  it('refuses what does not fit, naming op and shapes', () => {
    const g = new Graph('bad');
    const a = g.input('a', 'float32', ['B', 3]);
    const b = g.input('b', 'float32', ['S', 4]);
    expect(() => g.op('MatMul', [a, b])).toThrow(
      'MatMul(float32[B, 3] float32[S, 4]): Inner dimensions 3 and S differ.',
    );
    expect(() => g.op('Add', [a, b])).toThrow('do not broadcast');
    expect(() => g.op('Reshape', [a, [2, 2]])).toThrow("can't become");
    expect(() => g.input('a', 'float32', [1])).toThrow('taken');
  });
});
