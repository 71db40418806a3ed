import type { CpuKernels } from '@parapet/inference/cpu-kernels';
import { packPanels, panelBlock } from '@parapet/inference/pack-panels';
import { real } from '@parapet/onnx-graph/attributes';
import { encodeModel } from '@parapet/onnx-graph/encode';
import { Graph } from '@parapet/onnx-graph/graph';
import { Runtime, type SessionOptions, Tensor } from '@parapet/runtime';

export interface Machine {
  /** Reading of weights too large for the caches, GB/s: the faster of ONNX Runtime's and our own products. */
  readGBs: number;
  /** int8 products, 10⁹ multiply-adds a second: the faster of a large MatMulNBits and of our own kernels. */
  int8GMacs: number;
}

/** int8 products that our kernels make of one number of x and one of W: its high and its low byte. */
const productsEach = 2;

/** What the machine can do at best, through the same library and threads. */
export function measureMachine(kernels: CpuKernels | null): Machine {
  const runtime = Runtime.open();
  const theirs = { readGBs: readRate(runtime), int8GMacs: int8Rate(runtime) };
  if (kernels === null) return theirs;
  const read = ownRate(runtime, kernels, 1, 196_608) * (1 + 2 / panelBlock);
  const products = ownRate(runtime, kernels, 256, 4096) * productsEach;
  return { readGBs: Math.max(theirs.readGBs, read), int8GMacs: Math.max(theirs.int8GMacs, products) };
}

/** Least milliseconds of a step: what must be read and what must be multiplied, whichever takes longer. */
export function leastStepMs(machine: Machine, work: { bytes: number; macs: number }): number {
  return Math.max(work.bytes / machine.readGBs / 1e6, work.macs / machine.int8GMacs / 1e6);
}

/** 10⁹ multiply-adds a second of our own product of M rows; of one row, 10⁹ weights read a second. */
function ownRate(runtime: Runtime, { library }: CpuKernels, M: number, N: number): number {
  const K = 1152;
  const g = new Graph('own');
  const x = g.input('x', 'float32', [M, 1, K]);
  const { data, shape } = packPanels(new Float32Array(N * K).fill(0.5), N, K);
  const w = g.input('w', 'uint8', shape);
  const output = { dtype: 'float32', shape: [M, 1, N] } as const;
  const attributes = { scales_in_tiles: 0, K, N, gate: 0, epsilon: real(0) };
  g.output('y', g.contrib('BlockLinear', [x, w], attributes, [output], 'parapet')[0]!);
  const feeds = {
    x: Tensor.zeros(runtime, 'float32', [M, 1, K]),
    w: Tensor.over(runtime, 'uint8', shape, data),
  };
  feeds.x.data.fill(0.3);
  return best(runtime, g, feeds, M * K * N, { operators: [library] });
}

/** A matrix-vector product over 256 MB: bound by reading. */
function readRate(runtime: Runtime): number {
  const [K, N] = [4096, 16_384];
  const g = new Graph('read');
  const x = g.input('x', 'float32', [1, K]);
  const w = g.input('w', 'float32', [K, N]);
  g.output('y', g.op('MatMul', [x, w]));
  const feeds = { x: Tensor.zeros(runtime, 'float32', [1, K]), w: Tensor.zeros(runtime, 'float32', [K, N]) };
  feeds.w.data.fill(0.5); // pages of zeros that were never written are all one page
  return best(runtime, g, feeds, K * N * 4);
}

function int8Rate(runtime: Runtime): number {
  const [M, K, N] = [256, 1536, 4096];
  const g = new Graph('int8');
  const x = g.input('x', 'float32', [M, K]);
  const q = g.initializer('q', { dtype: 'uint8', shape: [N, K / 32, 32], data: new Uint8Array(N * K).fill(130) });
  const s = g.initializer('s', {
    dtype: 'float32',
    shape: [N, K / 32],
    data: new Float32Array((N * K) / 32).fill(0.01),
  });
  g.output('y', g.op('MatMulNBits', [x, q, s], { K, N, bits: 8, block_size: 32, accuracy_level: 4 }));
  return best(runtime, g, { x: Tensor.zeros(runtime, 'float32', [M, K]) }, M * K * N);
}

/** 10⁹ units a second of the fastest of some runs. */
function best(
  runtime: Runtime,
  g: Graph,
  feeds: Record<string, Tensor>,
  units: number,
  options: SessionOptions = {},
): number {
  const session = runtime.createSession({ bytes: encodeModel(g) }, options);
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 12; i++) {
    const start = performance.now();
    const { y } = session.run(feeds, { y: null });
    least = Math.min(least, performance.now() - start);
    y!.release();
  }
  session.release();
  for (const tensor of Object.values(feeds)) tensor.release();
  return units / least / 1e6;
}
