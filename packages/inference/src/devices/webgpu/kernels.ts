import { readFileSync } from 'node:fs';
import type { ModelSpec } from '@parapet/models/spec';
import type { Widths } from '../cuda/layout.ts';
import type { Gpu } from './gpu.ts';
import { type Product, productShapes, type StorageType, shaderConstants, type TileRows, tileRows } from './layout.ts';

/** One compiled kernel and how its buffers are bound. */
export interface Kernel {
  pipeline: GPUComputePipeline;
  layout: GPUBindGroupLayout;
}

export type AddNormKernel = 'addNormFirst' | 'addNormO' | 'addNormDown';
type PlainKernel = AddNormKernel | 'embed' | 'place' | 'attend' | 'gatedUp' | 'sample';
type GeneratorKernel = 'poolScores' | 'pool' | 'makeScales';

/** The decoder's kernels by name, and how an adapter's buffer is bound beside them. */
export interface Kernels extends Readonly<Record<PlainKernel | GeneratorKernel | 'narrow', Kernel>> {
  readonly multiply: Readonly<Record<Product | 'head', Readonly<Record<TileRows, Kernel>>>>;
  readonly adapterLayout: GPUBindGroupLayout;
}

/** How a kernel uses a buffer: u = uniform, r = read, w = read and written. */
const bindings = {
  narrow: 'urw',
  embed: 'urrww',
  addNorm: 'urrrww',
  place: 'urrrrrrww',
  attend: 'urrrrw',
  gatedUp: 'urrw',
  multiply: 'urrw',
  sample: 'rrw',
  poolScores: 'urw',
  pool: 'uurrw',
  makeScales: 'uuurw',
} as const;
type Source = keyof typeof bindings;

/** Compiles the shaders for a model's own numbers, all at once. */
export async function compileKernels(gpu: Gpu, spec: ModelSpec, widths: Widths, type: StorageType): Promise<Kernels> {
  const { device } = gpu;
  const storage = type === 'float16' ? 'half' : 'float';
  const prelude = [shaderConstants(spec), shader(storage), shader('common'), shader('generator')].join('\n');
  const layouts = new Map(
    Object.entries(bindings).map(([name, uses]) => [name, bindGroupLayout(device, uses)] as const),
  );
  const adapterLayout = bindGroupLayout(device, 'r');
  const compile = async (
    source: Source,
    constants: Record<string, string> = {},
    label: string = source,
  ): Promise<Kernel> => {
    const layout = layouts.get(source)!;
    const own = Object.entries(constants).map(([name, value]) => `const ${name} = ${value};`);
    const code = [prelude, ...own, shader(source)].join('\n');
    const bindGroupLayouts = source === 'poolScores' || source === 'makeScales' ? [layout, adapterLayout] : [layout];
    const pipeline = await device.createComputePipelineAsync({
      label,
      layout: device.createPipelineLayout({ bindGroupLayouts }),
      compute: { module: device.createShaderModule({ label, code }), entryPoint: 'main' },
    });
    return { pipeline, layout };
  };
  const tiles = async (name: string, n: number, k: number, transposed: boolean) => {
    const made = tileRows.map(async (rows) => {
      const constants = { N: `${n}u`, K: `${k}u`, BM: `${rows}u`, TRANSPOSED: `${transposed}` };
      return [rows, await compile('multiply', constants, `multiply ${name}`)] as const;
    });
    return Object.fromEntries(await Promise.all(made)) as Record<TileRows, Kernel>;
  };
  const shapes = Object.entries(productShapes(spec, widths));
  const products = shapes.map(async ([name, { n, k }]) => [name, await tiles(name, n, k, false)] as const);
  const norms = ['addNormFirst', 'addNormO', 'addNormDown'].map(
    async (name, i) => [name, await compile('addNorm', { SOURCE: `${i}u` })] as const,
  );
  const single = (
    ['narrow', 'embed', 'place', 'attend', 'gatedUp', 'sample', 'poolScores', 'pool', 'makeScales'] as const
  ).map(async (name) => [name, await compile(name)] as const);
  const head = await tiles('head', spec.vocab, spec.width, true);
  return {
    ...(Object.fromEntries(await Promise.all([...norms, ...single])) as Record<
      PlainKernel | GeneratorKernel | 'narrow',
      Kernel
    >),
    multiply: {
      ...(Object.fromEntries(await Promise.all(products)) as Record<Product, Record<TileRows, Kernel>>),
      head,
    },
    adapterLayout,
  };
}

function shader(name: string): string {
  const file = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return readFileSync(new URL(`./shaders/${file}.wgsl`, import.meta.url), 'utf8');
}

const bufferTypes: Record<string, GPUBufferBindingType> = { u: 'uniform', r: 'read-only-storage', w: 'storage' };
const computeStage = 0x4;

function bindGroupLayout(device: GPUDevice, uses: string): GPUBindGroupLayout {
  const entries = [...uses].map((use, binding) => ({
    ...{ binding, visibility: computeStage },
    buffer: { type: bufferTypes[use] },
  }));
  return device.createBindGroupLayout({ entries });
}

/** A buffer, or a part of it, to bind. */
export type Bound = GPUBuffer | GPUBufferBinding;

/** Binds buffers to a kernel in the order of its bindings. */
export function bind(gpu: Gpu, layout: GPUBindGroupLayout, buffers: readonly Bound[]): GPUBindGroup {
  const entries = buffers.map((buffer, binding) => ({
    binding,
    resource: 'buffer' in buffer ? buffer : { buffer },
  }));
  return gpu.device.createBindGroup({ layout, entries });
}
