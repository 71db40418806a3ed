import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeModel } from '@parapet/onnx-graph/encode';
import { Graph } from '@parapet/onnx-graph/graph';
import { expect, test } from 'vitest';
import { FileMemory, HostMemory, OrtError, Runtime, SharedWeights, Tensor } from './index.ts';

const runtime = Runtime.open();

/** y = x · W + carried, and carried passed through, over W [2, 3] from outside. */
function model(): Uint8Array {
  const g = new Graph('test');
  const x = g.input('x', 'float32', ['B', 2]);
  const carried = g.input('carried', 'float32', ['B', 3]);
  const w = g.initializer('w', { dtype: 'float32', shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) });
  g.output('y', g.op('Add', [g.op('MatMul', [x, w]), carried]));
  return encodeModel(g);
}

const tensor = (shape: number[], ...numbers: number[]) =>
  Tensor.over(runtime, 'float32', shape, Float32Array.from(numbers));

test('runs a model from bytes, into memory of ours and into memory of its own', async () => {
  const session = runtime.createSession({ bytes: model() });
  expect([session.inputNames, session.outputNames]).toEqual([['x', 'carried'], ['y']]);
  const feeds = { x: tensor([1, 2], 1, 1), carried: tensor([1, 3], 0, 0, 1) };
  const ours = Tensor.zeros(runtime, 'float32', [1, 3]);
  session.run(feeds, { y: ours });
  expect([...ours.data]).toEqual([5, 7, 10]);
  const { y } = await session.runAsync(feeds, { y: null });
  expect(y!.shape).toEqual([1, 3]);
  expect([...y!.data]).toEqual([5, 7, 10]);
  y!.release();
  session.release();
  expect(() => session.run(feeds, { y: null })).toThrow('released');
});

test('an output may be bound to the memory of an input', async () => {
  const session = runtime.createSession({ bytes: model() });
  const memory = new HostMemory(4096);
  const state = Tensor.within(runtime, 'float32', [1, 3], memory, 64);
  const binding = session.createBinding();
  binding.bindInput('x', tensor([1, 2], 1, 0));
  binding.bindInput('carried', state);
  binding.bindOutput('y', state);
  for (let step = 0; step < 3; step++) await binding.runAsync();
  expect([...memory.floats(16, 3)]).toEqual([3, 6, 9]);
  binding.release();
  session.release();
});

test.each([
  ['a mapped file', false],
  ['pages of 2 MB', true],
])('sessions share weights that lie in %s', async (_where, hugePages) => {
  const path = join(mkdtempSync(join(tmpdir(), 'parapet-runtime-')), 'w.bin');
  writeFileSync(path, new Uint8Array(Float32Array.of(10, 20, 30, 40, 50, 60).buffer));
  const file = new FileMemory(path, { hugePages });
  const weights = new SharedWeights(runtime, new Map([['w', Tensor.within(runtime, 'float32', [2, 3], file)]]));
  const sessions = [
    runtime.createSession({ bytes: model() }, {}, weights),
    await runtime.createSessionAsync({ bytes: model() }, {}, weights),
  ];
  for (const session of sessions) {
    const { y } = session.run({ x: tensor([1, 2], 1, 0), carried: tensor([1, 3], 0, 0, 0) }, { y: null });
    expect([...y!.data]).toEqual([10, 20, 30]);
  }
  expect(() => weights.release()).toThrow('2 sessions');
  for (const session of sessions) session.release();
  weights.release();
  file.release();
});

test('what ONNX Runtime refuses becomes an error with its words', () => {
  expect(() => runtime.createSession({ bytes: Uint8Array.of(1, 2, 3) })).toThrow(OrtError);
  const session = runtime.createSession({ bytes: model() });
  expect(() => session.run({ x: tensor([1, 2], 1, 1) }, { y: null })).toThrow(/carried/);
  expect(() => session.run({ nothing: tensor([1], 1) }, { y: null })).toThrow('no input or output named "nothing"');
  expect(() => Tensor.over(runtime, 'float32', [2, 2], Float32Array.of(1))).toThrow('needs 4 elements');
  expect(() => Runtime.open({ libraryPath: '/nowhere/libonnxruntime.so' })).toThrow(
    'could not be loaded from /nowhere',
  );
});

test('reserved memory occupies nothing until touched, and reads as zero when given back', () => {
  const memory = new HostMemory(1 << 30);
  memory.floats(1 << 20, 8).fill(7);
  expect(memory.floats(1 << 20, 1)[0]).toBe(7);
  if (process.platform === 'linux') {
    memory.giveBack(0, 1 << 30);
    expect(memory.floats(1 << 20, 1)[0]).toBe(0);
  }
  memory.release();
});
