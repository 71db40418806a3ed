import { closeSync, openSync, readSync } from 'node:fs';
import type { ModelSpec } from '@parapet/models/spec';
import type { ServingWeights } from '../../weights/serving-weights.ts';
import type { Gpu } from './gpu.ts';
import { usage } from './gpu.ts';
import { bind, type Kernel } from './kernels.ts';
import { type StorageType, storageBytes } from './layout.ts';

const chunkElements = 8 << 20;

/** One layer's weights; linears `[in, out]`, gate's columns before up's. */
export interface GpuLayerWeights {
  attnNorm: GPUBuffer;
  ffnNorm: GPUBuffer;
  qkv: GPUBuffer;
  o: GPUBuffer;
  gateUp: GPUBuffer;
  down: GPUBuffer;
}

/** A model's weights on the device: one copy, for prompts and decoding alike. */
export interface GpuWeights {
  /** `[vocab, width]` */
  embed: GPUBuffer;
  /** `[vocab, width]`: the embedding itself when tied. */
  head: GPUBuffer;
  finalNorm: GPUBuffer;
  cos: GPUBuffer;
  sin: GPUBuffer;
  layers: readonly GpuLayerWeights[];
}

/** Reads the float32 export and puts it on the device as `type`. */
export async function uploadGpuWeights(
  gpu: Gpu,
  narrow: Kernel,
  spec: ModelSpec,
  weights: ServingWeights,
  type: StorageType,
): Promise<GpuWeights> {
  if (weights.kind !== 'fp32') {
    throw new Error(
      `The WebGPU device makes its own ${type} weights from the fp32 export; it was given ${weights.kind}.`,
    );
  }
  const file = openSync(weights.path, 'r');
  const loader = new WeightLoader(gpu, narrow, weights, file, type);
  const { width, ffn, vocab } = spec;
  try {
    return await gpu.allocating('the weights', () => {
      const embed = loader.matrix('embed', vocab, [{ name: 'embed', columns: width }]);
      const layers = Array.from({ length: spec.layers }, (_, layer): GpuLayerWeights => {
        const prefix = `layers.${layer}.`;
        const linear = (name: string, rows: number) =>
          loader.matrix(name, rows, [{ name: prefix + name, columns: loader.elements(prefix + name) / rows }]);
        return {
          attnNorm: loader.float32(`${prefix}attn_norm`),
          ffnNorm: loader.float32(`${prefix}ffn_norm`),
          qkv: linear('qkv', width),
          o: linear('o', spec.heads * spec.headDim),
          gateUp: loader.matrix('gate and up', width, [
            { name: `${prefix}gate`, columns: ffn },
            { name: `${prefix}up`, columns: ffn },
          ]),
          down: linear('down', ffn),
        };
      });
      return {
        embed,
        head: spec.tiedHead ? embed : loader.transposed('head', width, vocab),
        finalNorm: loader.float32('final_norm'),
        cos: loader.float32('rope_cos'),
        sin: loader.float32('rope_sin'),
        layers,
      };
    });
  } finally {
    closeSync(file);
    await loader.close();
  }
}

interface Part {
  name: string;
  columns: number;
}

class WeightLoader {
  private readonly staging: GPUBuffer;
  private readonly placement: GPUBuffer;
  private readonly chunk = new Float32Array(chunkElements);

  constructor(
    private readonly gpu: Gpu,
    private readonly kernel: Kernel,
    private readonly weights: ServingWeights,
    private readonly file: number,
    private readonly type: StorageType,
  ) {
    this.staging = gpu.buffer('staged weights', chunkElements * 4);
    this.placement = gpu.buffer('placement', 32, usage.uniform);
  }

  elements(name: string): number {
    return this.entry(name).length / 4;
  }

  /** A tensor kept in float32 whatever the rest is. */
  float32(name: string): GPUBuffer {
    const elements = this.elements(name);
    const buffer = this.gpu.buffer(name, elements * 4);
    for (let at = 0; at < elements; at += chunkElements) {
      this.gpu.upload(buffer, this.read(name, at, Math.min(chunkElements, elements - at)), at * 4);
    }
    return buffer;
  }

  /** `[rows, all columns]` of matrices side by side. */
  matrix(label: string, rows: number, parts: readonly Part[]): GPUBuffer {
    const pitch = parts.reduce((sum, { columns }) => sum + columns, 0);
    const buffer = this.gpu.buffer(label, rows * pitch * storageBytes[this.type]);
    let offset = 0;
    for (const { name, columns } of parts) {
      this.eachChunk(name, rows, columns, (row, count) => {
        this.place(buffer, [count, columns, pitch, row * pitch + offset, 0], count * columns);
      });
      offset += columns;
    }
    return buffer;
  }

  /** `[columns, rows]` of a matrix that the file holds as `[rows, columns]`. */
  transposed(name: string, rows: number, columns: number): GPUBuffer {
    const buffer = this.gpu.buffer(name, rows * columns * storageBytes[this.type]);
    this.eachChunk(name, rows, columns, (row, count) => {
      this.place(buffer, [count, columns, rows, row, 1], count * columns);
    });
    return buffer;
  }

  async close(): Promise<void> {
    await this.gpu.idle();
    this.gpu.free(this.staging);
    this.gpu.free(this.placement);
  }

  /** Stages a tensor some rows at a time, an even number of them: kept pairs may run along the rows. */
  private eachChunk(name: string, rows: number, columns: number, placed: (row: number, count: number) => void): void {
    const most = Math.floor(chunkElements / columns / 2) * 2;
    for (let row = 0; row < rows; row += most) {
      const count = Math.min(most, rows - row);
      this.gpu.upload(this.staging, this.read(name, row * columns, count * columns));
      placed(row, count);
    }
  }

  /** Runs narrow.wgsl over what is staged. */
  private place(to: GPUBuffer, placement: readonly number[], elements: number): void {
    this.gpu.upload(this.placement, Uint32Array.from(placement));
    const group = bind(this.gpu, this.kernel.layout, [this.placement, this.staging, to]);
    const workgroups = Math.ceil(elements / 2 / 64);
    const across = Math.min(workgroups, 32_768);
    this.gpu.submit((encoder) => {
      const pass = encoder.beginComputePass();
      pass.setPipeline(this.kernel.pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(across, Math.ceil(workgroups / across));
      pass.end();
    });
  }

  private entry(name: string): { offset: number; length: number } {
    const entry = this.weights.entries.get(name);
    if (entry === undefined) throw new Error(`The exported weights hold no tensor "${name}".`);
    return entry;
  }

  private read(name: string, from: number, elements: number): Float32Array {
    const part = this.chunk.subarray(0, elements);
    const bytes = new Uint8Array(part.buffer, 0, elements * 4);
    const position = this.entry(name).offset + from * 4;
    for (let at = 0; at < bytes.length; ) {
      const read = readSync(this.file, bytes, at, bytes.length - at, position + at);
      if (read === 0) throw new Error('The exported weights end early: delete them, they are made again.');
      at += read;
    }
    return part;
  }
}
