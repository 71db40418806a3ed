import { usage } from './gpu.ts';
import type { GpuModel } from './gpu-model.ts';
import { type AddNormKernel, type Bound, bind, type Kernel } from './kernels.ts';
import {
  logitPitch,
  type Product,
  productShapes,
  rowBytes,
  type Shape,
  shapeBytes,
  splitsFor,
  storageBytes,
  tileColumns,
  tileFor,
  writeShape,
} from './layout.ts';
import type { GpuPageCache } from './page-cache.ts';

interface LayerGroups {
  norm: GPUBindGroup;
  qkv: GPUBindGroup;
  place: GPUBindGroup;
  attend: GPUBindGroup;
  o: GPUBindGroup;
  ffnNorm: GPUBindGroup;
  gateUp: GPUBindGroup;
  gatedUp: GPUBindGroup;
  down: GPUBindGroup;
}

/** What a step or a prompt tells the kernels, beside what follows from its rows. */
export type PassShape = Omit<Shape, 'splits' | 'first'>;

/**
 * The layers over up to `capacity` rows: what they keep in between, and every dispatch bound once. A row is a row of the
 * batch or a token of one prompt; the input buffer tells.
 */
export class LayerPass {
  /** `Shape`, then a `Row` each. */
  readonly input: GPUBuffer;
  readonly inputBytes: ArrayBuffer;
  readonly inputView: DataView;
  /** `[rows, width]` */
  readonly normed: GPUBuffer;
  readonly rows: GPUBufferBinding;
  readonly shape: GPUBufferBinding;
  private readonly buffers: GPUBuffer[] = [];
  private readonly groups: readonly LayerGroups[];
  private readonly embed: GPUBindGroup;
  private readonly finalNorm: GPUBindGroup;
  private readonly products: ReturnType<typeof productShapes>;

  constructor(
    private readonly model: GpuModel,
    cache: GpuPageCache,
    /** float32 `[slots, layers, scales]` */
    scales: GPUBuffer,
    readonly capacity: number,
  ) {
    const { gpu, spec, widths, weights, kernels, type } = model;
    const bytes = storageBytes[type];
    const take = (label: string, size: number, extra = 0) => {
      const buffer = gpu.buffer(label, size, extra);
      this.buffers.push(buffer);
      return buffer;
    };
    this.products = productShapes(spec, widths);
    this.inputBytes = new ArrayBuffer(shapeBytes + capacity * rowBytes);
    this.inputView = new DataView(this.inputBytes);
    this.input = take('rows', this.inputBytes.byteLength, usage.uniform);
    this.shape = { buffer: this.input, size: shapeBytes };
    this.rows = { buffer: this.input, offset: shapeBytes };
    this.normed = take('normed', capacity * spec.width * bytes);
    const hidden = take('hidden', capacity * spec.width * 4);
    const query = take('query', capacity * widths.q * 4);
    const attended = take('attended', capacity * widths.q * bytes);
    const inner = take('inner', capacity * spec.ffn * bytes);
    const partials = take('partial sums', this.partialNumbers() * 4);
    const { shape, rows, normed } = this;
    const group = ({ layout }: Kernel, buffers: readonly Bound[]) => bind(gpu, layout, buffers);
    const scalesOf = (layer: number): Bound => ({ buffer: scales, offset: layer * widths.scales * 4 });
    const norm = (kernel: AddNormKernel, layer: number, gain: GPUBuffer) =>
      group(kernels[kernel], [shape, partials, scalesOf(layer), gain, hidden, normed]);
    const product = (left: GPUBuffer, right: GPUBuffer) =>
      group(kernels.multiply.qkv[16], [shape, left, right, partials]);
    this.embed = group(kernels.embed, [shape, rows, weights.embed, hidden, cache.tables]);
    this.finalNorm = norm('addNormDown', spec.layers - 1, weights.finalNorm);
    this.groups = weights.layers.map((own, layer): LayerGroups => {
      const { cos, sin } = weights;
      const keysAndValues = cache.layers[layer]!;
      return {
        norm: norm(layer === 0 ? 'addNormFirst' : 'addNormDown', Math.max(0, layer - 1), own.attnNorm),
        qkv: product(normed, own.qkv),
        place: group(kernels.place, [
          ...[shape, rows, partials, scalesOf(layer), cos, sin, cache.tables, query, keysAndValues],
        ]),
        attend: group(kernels.attend, [shape, rows, query, cache.tables, keysAndValues, attended]),
        o: product(attended, own.o),
        ffnNorm: norm('addNormO', layer, own.ffnNorm),
        gateUp: product(normed, own.gateUp),
        gatedUp: group(kernels.gatedUp, [shape, partials, scalesOf(layer), inner]),
        down: product(inner, own.down),
      };
    });
  }

  /** Puts the shape in the input buffer and the first `shape.rows` rows, as written through `inputView`, on the device. */
  start(shape: PassShape): void {
    writeShape(this.inputView, { ...shape, splits: this.splitsOf(shape.rows) });
    this.model.gpu.upload(this.input, new Uint8Array(this.inputBytes, 0, shapeBytes + shape.rows * rowBytes));
  }

  encodeEmbedding(pass: GPUComputePassEncoder, rows: number): void {
    run(pass, this.model.kernels.embed, this.embed, rows);
  }

  /** One layer; `afterNorm` may add what works on its normed input. */
  encodeLayer(pass: GPUComputePassEncoder, layer: number, rows: number, afterNorm: () => void = () => {}): void {
    const { kernels, spec } = this.model;
    const groups = this.groups[layer]!;
    run(pass, layer === 0 ? kernels.addNormFirst : kernels.addNormDown, groups.norm, rows);
    afterNorm();
    this.multiply(pass, 'qkv', groups.qkv, rows);
    run(pass, kernels.place, groups.place, rows);
    run(pass, kernels.attend, groups.attend, spec.kvHeads, rows);
    this.multiply(pass, 'o', groups.o, rows);
    run(pass, kernels.addNormO, groups.ffnNorm, rows);
    this.multiply(pass, 'gateUp', groups.gateUp, rows);
    run(pass, kernels.gatedUp, groups.gatedUp, Math.ceil(spec.ffn / 2 / 64), rows);
    this.multiply(pass, 'down', groups.down, rows);
  }

  encodeFinalNorm(pass: GPUComputePassEncoder, rows: number): void {
    run(pass, this.model.kernels.addNormDown, this.finalNorm, rows);
  }

  release(): void {
    for (const buffer of this.buffers.splice(0)) this.model.gpu.free(buffer);
  }

  private multiply(pass: GPUComputePassEncoder, product: Product, group: GPUBindGroup, rows: number): void {
    const { n, k } = this.products[product];
    const tile = tileFor(rows);
    const kernel = this.model.kernels.multiply[product][tile];
    run(pass, kernel, group, Math.ceil(n / tileColumns), Math.ceil(rows / tile), splitsFor(rows, n, k));
  }

  private splitsOf(rows: number): Record<Product, number> {
    const splits = Object.entries(this.products).map(([name, { n, k }]) => [name, splitsFor(rows, n, k)]);
    return Object.fromEntries(splits) as Record<Product, number>;
  }

  /** Most numbers that any product of any number of rows leaves. */
  private partialNumbers(): number {
    let most = 0;
    for (const { n, k } of Object.values(this.products)) {
      for (let rows = 1; rows <= this.capacity; rows++) most = Math.max(most, splitsFor(rows, n, k) * rows * n);
    }
    return most;
  }
}

/** Normed rows to logits, float32 `[rows, logitPitch]`. */
export class HeadPass {
  private readonly group: GPUBindGroup;

  constructor(
    private readonly model: GpuModel,
    shape: Bound,
    normed: GPUBuffer,
    logits: GPUBuffer,
  ) {
    const { gpu, kernels, weights } = model;
    this.group = bind(gpu, kernels.multiply.head[16].layout, [shape, normed, weights.head, logits]);
  }

  encode(pass: GPUComputePassEncoder, rows: number): void {
    const tile = tileFor(rows);
    const { spec, kernels } = this.model;
    run(pass, kernels.multiply.head[tile], this.group, Math.ceil(spec.vocab / tileColumns), Math.ceil(rows / tile));
  }
}

export function logitBytes(model: GpuModel, rows: number): number {
  return rows * logitPitch(model.spec) * 4;
}

export function run(
  pass: GPUComputePassEncoder,
  { pipeline }: Kernel,
  group: GPUBindGroup,
  x: number,
  y = 1,
  z = 1,
): void {
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(x, y, z);
}
