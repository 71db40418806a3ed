import type { OpAttributes } from '@parapet/onnx-graph/attributes';
import type { Node, Value } from '@parapet/onnx-graph/graph';
import { elementsOf, sizes } from './coordinates.ts';
import { cType } from './formulas.ts';
import { axisOf, KernelBody, KernelReads } from './kernel-body.ts';

/** One kernel of a graph: its source but for its name, what it reads and writes, and how it is started. */
export interface Kernel {
  /** Parameters and body: equal for equal work, so that layers share one kernel. */
  text: string;
  reads: readonly Value[];
  writes: readonly Value[];
  /** Floats of memory that the kernels of one node share, its last parameter; 0 = none. */
  scratch: number;
  grid: number;
  threads: number;
}

type Stored = ReadonlySet<Value>;
const mapThreads = 256;

function kernel(
  reads: KernelReads,
  writes: readonly Value[],
  body: string[],
  grid: number,
  threads: number,
  scratch = 0,
): Kernel {
  const parameters = [
    ...reads.values.map((value, i) => `const ${cType(value.dtype)}* in${i}`),
    ...writes.map((value, i) => `${cType(value.dtype)}* out${i}`),
    ...(scratch > 0 ? ['float* scratch'] : []),
  ];
  const text = `(${parameters.join(', ')}) {\n${body.map((line) => `  ${line}`).join('\n')}\n}`;
  return { text, reads: reads.values, writes, scratch, grid, threads };
}

/** A value computed element by element from what has memory. */
export function mapKernel(value: Value, stored: Stored): Kernel {
  const reads = new KernelReads();
  const body = new KernelBody(reads, stored, 't', value);
  const count = elementsOf(value.shape);
  const result = body.element(value, body.coordinates('i', value.shape));
  const lines = [
    `const int i = blockIdx.x * ${mapThreads} + threadIdx.x;`,
    `if (i >= ${count}) return;`,
    ...body.lines,
    `out0[i] = ${result};`,
  ];
  return kernel(reads, [value], lines, Math.ceil(count / mapThreads), mapThreads);
}

/** How rows of a reduction are given to threads: a warp each when short, else a block each. */
function rowThreads(rows: number, length: number) {
  if (length <= 1024) {
    const head = [
      'const int row = blockIdx.x * 8 + (threadIdx.x >> 5), lane = threadIdx.x & 31;',
      `if (row >= ${rows}) return;`,
    ];
    return { head, lanes: 32, over: 'warp', grid: Math.ceil(rows / 8), threads: 256 };
  }
  const threads = length > 8192 ? 1024 : 256;
  const head = ['const int row = blockIdx.x, lane = threadIdx.x;'];
  return { head, lanes: threads, over: 'block', grid: rows, threads };
}

/** Statements for every element of a row that a thread has: `use` is given the element's name and coordinates. */
function overRow(
  reads: KernelReads,
  stored: Stored,
  pass: string,
  length: number,
  lanes: number,
  element: (body: KernelBody) => string[],
): string[] {
  const body = new KernelBody(reads, stored, pass);
  const last = element(body);
  return [`for (int i = lane; i < ${length}; i += ${lanes}) {`, ...[...body.lines, ...last].map((x) => `  ${x}`), '}'];
}

export interface Reduction {
  /** Reduced axes of the input, from its front. */
  axes: readonly number[];
  count: number;
  rows: number;
  /** Whether all reduced axes lie behind all that stay. */
  trailing: boolean;
}

export function reductionOf(node: Node): Reduction {
  const x = node.inputs[0]!;
  const shape = sizes(x.shape);
  const given = node.inputs[1]?.known as readonly number[] | undefined;
  const all = shape.map((_, axis) => axis);
  const named = node.op === 'ArgMax' ? [axisOf(node, shape.length, 0)] : given;
  const axes = named?.map((axis) => (axis < 0 ? axis + shape.length : axis)) ?? all;
  const count = axes.reduce((product, axis) => product * shape[axis]!, 1);
  const first = Math.min(...axes.filter((axis) => shape[axis]! > 1), shape.length);
  const trailing = shape.every((size, axis) => size === 1 || axis < first || axes.includes(axis));
  return { axes, count, rows: elementsOf(x.shape) / count, trailing };
}

/** Coordinates of the reduced value from those of what stays and what goes, each a linear index. */
function joined(body: KernelBody, shape: Value['shape'], axes: readonly number[], stays: string, goes: string) {
  const part = (linear: string, inside: (axis: number) => boolean) =>
    body.coordinates(
      linear,
      shape.map((size, axis) => (inside(axis) ? size : 1)),
    );
  const outer = part(stays, (axis) => !axes.includes(axis));
  const inner = part(goes, (axis) => axes.includes(axis));
  return shape.map((_, axis) => (axes.includes(axis) ? inner[axis]! : outer[axis]!));
}

/** Longer sums are shared by several blocks, where there are few of them. */
const longestSum = 32_768;
const sharers = 128;

/** ReduceSum, ReduceMean, ReduceMax, ReduceLogSumExp and ArgMax. */
export function reductionKernels(node: Node, stored: Stored): Kernel[] {
  const { axes, count, rows, trailing } = reductionOf(node);
  const x = node.inputs[0]!;
  if (!trailing) return [columnKernel(node, stored)];
  if (node.op === 'ReduceSum' && rows === 1 && count > longestSum) return sharedSum(node, stored);
  const reads = new KernelReads();
  const { head, lanes, over, grid, threads } = rowThreads(rows, count);
  const pass = (name: string, use: (x: string) => string[]) =>
    overRow(reads, stored, name, count, lanes, (body) => use(body.element(x, joined(body, x.shape, axes, 'row', 'i'))));
  const most = () => [
    'float most = -INFINITE;',
    ...pass('t', (t) => [`most = fmaxf(most, ${t});`]),
    `most = ${over}Max(most);`,
  ];
  const sum = (name: string, term: (t: string) => string) => [
    'float sum = 0.0f;',
    ...pass(name, (t) => [`sum += ${term(t)};`]),
    `sum = ${over}Sum(sum);`,
  ];
  const store = (result: string) => `if (lane == 0) out0[row] = ${result};`;
  const lines: Record<string, () => string[]> = {
    ReduceSum: () => [...sum('t', (t) => t), store('sum')],
    ReduceMean: () => [...sum('t', (t) => t), store(`sum / ${count}.0f`)],
    ReduceMax: () => [...most(), store('most')],
    ReduceLogSumExp: () => [...most(), ...sum('u', (t) => `expf(${t} - most)`), store('most + logf(sum)')],
    ArgMax: () => [
      ...['float most = -INFINITE;', 'int place = 0x7fffffff;'],
      ...pass('t', (t) => [`if (${t} > most) { most = ${t}; place = i; }`]),
      `place = ${over}Place(most, place);`,
      store('place'),
    ],
  };
  const own = lines[node.op];
  if (own === undefined) throw new Error(`${node.op} has no kernel on the device.`);
  return [kernel(reads, node.outputs, [...head, ...own()], grid, threads)];
}

/** One sum over very many elements: the sums of blocks, then their sum. */
function sharedSum(node: Node, stored: Stored): Kernel[] {
  const x = node.inputs[0]!;
  const count = elementsOf(x.shape);
  const reads = new KernelReads();
  const body = new KernelBody(reads, stored, 't');
  const element = body.element(x, body.coordinates('i', x.shape));
  const threads = 256;
  const parts = [
    'float sum = 0.0f;',
    `for (int i = blockIdx.x * ${threads} + threadIdx.x; i < ${count}; i += ${threads * sharers}) {`,
    ...[...body.lines, `sum += ${element};`].map((line) => `  ${line}`),
    '}',
    'sum = blockSum(sum);',
    'if (threadIdx.x == 0) scratch[blockIdx.x] = sum;',
  ];
  const total = ['const float sum = blockSum(scratch[threadIdx.x]);', 'if (threadIdx.x == 0) out0[0] = sum;'];
  return [
    kernel(reads, [], parts, sharers, threads, sharers),
    kernel(new KernelReads(), node.outputs, total, 1, sharers, sharers),
  ];
}

/** Sums, means and maxima over axes that others follow: neighbouring threads read neighbouring columns. */
function columnKernel(node: Node, stored: Stored): Kernel {
  const { axes, count, rows: columns } = reductionOf(node);
  const x = node.inputs[0]!;
  const max = node.op === 'ReduceMax';
  if (!max && node.op !== 'ReduceSum' && node.op !== 'ReduceMean') {
    throw new Error(`${node.op} has a kernel over the last axes only.`);
  }
  const reads = new KernelReads();
  const lanes = count >= 512 ? 32 : 8;
  const body = new KernelBody(reads, stored, 't');
  const element = body.element(x, joined(body, x.shape, axes, 'column', 'i'));
  const combine = (a: string, b: string) => (max ? `${a} = fmaxf(${a}, ${b});` : `${a} += ${b};`);
  const lines = [
    `__shared__ float parts[${lanes * 32}];`,
    'const int column = blockIdx.x * 32 + (threadIdx.x & 31), lane = threadIdx.x >> 5;',
    `float result = ${max ? '-INFINITE' : '0.0f'};`,
    `if (column < ${columns}) {`,
    `  for (int i = lane; i < ${count}; i += ${lanes}) {`,
    ...[...body.lines, combine('result', element)].map((line) => `    ${line}`),
    '  }',
    '}',
    'parts[threadIdx.x] = result;',
    '__syncthreads();',
    `if (lane > 0 || column >= ${columns}) return;`,
    `for (int k = 1; k < ${lanes}; k++) ${combine('result', 'parts[k * 32 + threadIdx.x]')}`,
    `out0[column] = ${node.op === 'ReduceMean' ? `result / ${count}.0f` : 'result'};`,
  ];
  return kernel(reads, node.outputs, lines, Math.ceil(columns / 32), lanes * 32);
}

/** Softmax over the last axis. */
export function softmaxKernel(node: Node, stored: Stored): Kernel {
  const [x, y] = [node.inputs[0]!, node.outputs[0]!];
  const rank = x.shape.length;
  if (axisOf(node, rank, -1) !== rank - 1) throw new Error('Softmax has a kernel over the last axis only.');
  return rowKernel(node, stored, (pass, over) => [
    'float most = -INFINITE;',
    ...pass('t', x, (t) => [`most = fmaxf(most, ${t});`]),
    `most = ${over}Max(most);`,
    'float sum = 0.0f;',
    ...pass('u', x, (t) => [`sum += expf(${t} - most);`]),
    `const float share = 1.0f / ${over}Sum(sum);`,
    ...pass('w', x, (t) => [`out0[row * ${y.shape.at(-1)} + i] = expf(${t} - most) * share;`]),
  ]);
}

/** RMSNorm over the last axis, and the inverse norm where it is asked for. */
export function normKernel(node: Node, stored: Stored): Kernel {
  const [x, gain] = [node.inputs[0]!, node.inputs[1]!];
  const width = x.shape.at(-1) as number;
  const { epsilon } = node.attributes as OpAttributes['SimplifiedLayerNormalization'];
  return rowKernel(node, stored, (pass, over, reads) => [
    'float sum = 0.0f;',
    ...pass('t', x, (t) => [`sum += ${t} * ${t};`]),
    `const float inverse = rsqrtf(${over}Sum(sum) / ${width}.0f + ${(epsilon?.float ?? 1e-5).toExponential(9)}f);`,
    ...pass('u', x, (t) => [`out0[row * ${width} + i] = ${t} * inverse * ${reads.nameOf(gain)}[i];`]),
    ...(node.outputs.length > 1 ? ['if (lane == 0) out1[row] = inverse;'] : []),
  ]);
}

type Pass = (name: string, x: Value, use: (element: string) => string[]) => string[];

function rowKernel(
  node: Node,
  stored: Stored,
  lines: (pass: Pass, over: string, reads: KernelReads) => string[],
): Kernel {
  const { shape } = node.inputs[0]!;
  const length = shape.at(-1) as number;
  const reads = new KernelReads();
  const { head, lanes, over, grid, threads } = rowThreads(elementsOf(shape) / length, length);
  const last = shape.length - 1;
  const pass: Pass = (name, x, use) =>
    overRow(reads, stored, name, length, lanes, (body) =>
      use(body.element(x, joined(body, x.shape, [last], 'row', 'i'))),
    );
  return kernel(reads, node.outputs, [...head, ...lines(pass, over, reads)], grid, threads);
}

/** ScatterND by rows with addition: what is added to, then one thread for each number added. */
export function scatterKernels(node: Node, stored: Stored): Kernel[] {
  const [data, indices, updates] = node.inputs as Value[];
  const { reduction } = node.attributes as OpAttributes['ScatterND'];
  if (reduction !== 'add' || indices!.shape.at(-1) !== 1) {
    throw new Error('ScatterND has a kernel that adds whole rows only.');
  }
  const result = node.outputs[0]!;
  const fillReads = new KernelReads();
  const fill = new KernelBody(fillReads, stored, 't');
  const count = elementsOf(result.shape);
  const before = fill.element(data!, fill.coordinates('i', data!.shape));
  const index = (limit: number) => [
    `const int i = blockIdx.x * ${mapThreads} + threadIdx.x;`,
    `if (i >= ${limit}) return;`,
  ];
  const first = kernel(
    fillReads,
    [result],
    [...index(count), ...fill.lines, `out0[i] = ${before};`],
    Math.ceil(count / mapThreads),
    mapThreads,
  );
  const reads = new KernelReads();
  const body = new KernelBody(reads, stored, 't');
  const inner = elementsOf(result.shape.slice(1));
  const at = body.coordinates('i', updates!.shape);
  const added = body.element(updates!, at);
  const row = body.element(indices!, [...at.slice(0, indices!.shape.length - 1), '0']);
  const additions = elementsOf(updates!.shape);
  const second = kernel(
    reads,
    [result],
    [...index(additions), ...body.lines, `atomicAdd(out0 + (int)${row} * ${inner} + i % ${inner}, ${added});`],
    Math.ceil(additions / mapThreads),
    mapThreads,
  );
  return [first, second];
}
