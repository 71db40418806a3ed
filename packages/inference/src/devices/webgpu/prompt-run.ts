import type { ParaConfig } from '@parapet/contracts/adapter';
import type { ScalesCodec } from '../cuda/layout.ts';
import { type PrefillRun, type PromptScaling, type RowScales, scalesOf, scalesVariant } from '../device.ts';
import type { ResidentAdapter } from '../resident-adapters.ts';
import type { GpuAdapter } from './gpu-adapters.ts';
import type { GpuModel } from './gpu-model.ts';
import { logitBytes, run } from './layer-pass.ts';
import { logitPitch, maxRank, shapeBytes, writeRow, writeShape } from './layout.ts';
import type { GpuPageCache } from './page-cache.ts';
import { logitRows, type PromptMemory } from './prompt-memory.ts';

const poolModes: Record<ParaConfig['pooler'], number> = { mean: 0, last: 1, max: 2, attention: 3 };
const activations: Record<ParaConfig['activation'], number> = { gelu: 0, silu: 1, rational: 2 };
const onePart = { qkv: 1, o: 1, gateUp: 1, down: 1 };

export interface PromptRunOptions {
  model: GpuModel;
  cache: GpuPageCache;
  memory: PromptMemory;
  codec: ScalesCodec;
  /** float32 `[slots, layers, scales]` */
  scales: GPUBuffer;
  slot: number;
  tokens: readonly number[];
  scaling: PromptScaling;
  adapter: ResidentAdapter<GpuAdapter> | null;
  /** Told of the scales that the prompt leaves in its slot. */
  onScales: (scales: RowScales) => void;
}

/** One prompt passing through the layers on the device: its tokens are the rows, all of one slot. */
export class PromptRun implements PrefillRun {
  private readonly grown: ReturnType<PromptMemory['reserve']>;
  private done = 0;
  private made: RowScales | null = null;
  private readonly S: number;

  constructor(private readonly options: PromptRunOptions) {
    const { model, cache, memory, scaling, slot, tokens } = options;
    const { spec, widths } = model;
    this.S = tokens.length;
    this.grown = memory.reserve(this.S);
    cache.hold(slot, this.S);
    const { pass } = this.grown;
    for (const [i, token] of tokens.entries()) writeRow(pass.inputView, i, { token, tokens: i + 1 }, -1);
    pass.start({
      ...{ rows: this.S, scaled: scaling.kind === 'base' ? 'base' : scalesVariant(scaling) },
      ...{ scaleBase: slot * spec.layers * widths.scales, scaleStride: 0 },
      ...{ tableBase: slot * widths.maxPages, tableStride: 0 },
    });
    if (scaling.kind === 'adapter') this.describeGenerator(scaling.adapter.config, scaling.strength);
  }

  get remainingLayers(): number {
    return this.options.model.spec.layers - this.done;
  }

  async advance(layers: number): Promise<void> {
    const { gpu, spec, widths } = this.options.model;
    const { pass } = this.grown;
    const target = Math.min(this.done + Math.max(1, layers), spec.layers);
    const { scaling, memory, scales, slot } = this.options;
    const makesScales = scaling.kind === 'adapter';
    gpu.submit((encoder) => {
      const compute = encoder.beginComputePass();
      if (this.done === 0) pass.encodeEmbedding(compute, this.S);
      for (; this.done < target; this.done++) {
        const layer = this.done;
        pass.encodeLayer(compute, layer, this.S, () => this.makeScales(compute, layer));
      }
      if (this.remainingLayers === 0) pass.encodeFinalNorm(compute, this.S);
      compute.end();
      if (this.remainingLayers > 0 || !makesScales) return;
      const bytes = spec.layers * widths.scales * 4;
      encoder.copyBufferToBuffer(scales, slot * bytes, memory.scaleOutput, 0, bytes);
    });
    if (this.remainingLayers === 0 && makesScales) await this.readScales();
    else await gpu.idle();
  }

  async lastLogits(): Promise<Float32Array> {
    return await this.promptLogits(this.S - 1, this.S);
  }

  async promptLogits(from: number, to: number): Promise<Float32Array> {
    this.requireFinished();
    const { model, memory } = this.options;
    const { gpu, spec } = model;
    const { vocab } = spec;
    const logits = new Float32Array((to - from) * vocab);
    const shape = new ArrayBuffer(shapeBytes);
    for (let at = from; at < to; at += logitRows) {
      const rows = Math.min(logitRows, to - at);
      const unused = { scaled: 'base', scaleBase: 0, scaleStride: 0, tableBase: 0, tableStride: 0 } as const;
      writeShape(new DataView(shape), { rows, first: at, ...unused, splits: onePart });
      gpu.upload(memory.headShape, new Uint8Array(shape));
      gpu.submit((encoder) => {
        const pass = encoder.beginComputePass();
        this.grown.head.encode(pass, rows);
        pass.end();
        encoder.copyBufferToBuffer(memory.logits, 0, memory.logitOutput, 0, logitBytes(model, rows));
      });
      const bytes = await gpu.read(memory.logitOutput, logitBytes(model, rows));
      for (let row = 0; row < rows; row++) {
        logits.set(new Float32Array(bytes, row * logitPitch(spec) * 4, vocab), (at - from + row) * vocab);
      }
    }
    return logits;
  }

  scales(): RowScales | null {
    this.requireFinished();
    const { scaling } = this.options;
    return scaling.kind === 'saved' ? scalesOf(scaling.scales) : this.made;
  }

  release(): void {
    this.options.adapter?.release();
  }

  private async readScales(): Promise<void> {
    const { model, memory, codec, scaling, onScales } = this.options;
    const variant = scalesVariant(scaling);
    const numbers = new Float32Array(await model.gpu.read(memory.scaleOutput, codec.length * 4));
    this.made = { variant, numbers: codec.pick(variant, numbers) };
    onScales(this.made);
  }

  private requireFinished(): void {
    if (this.remainingLayers > 0) throw new Error('The prompt is not through all layers yet.');
  }

  /** `Generator` of generator.wgsl. */
  private describeGenerator(config: ParaConfig, strength: number): void {
    const { model, memory, adapter } = this.options;
    if (config.rank > maxRank) {
      throw new Error(`The WebGPU device holds adapters of at most rank ${maxRank}; this one has ${config.rank}.`);
    }
    const view = new DataView(new ArrayBuffer(32));
    const wide = config.targets === 'wide' ? 1 : 0;
    const numbers = [config.rank, adapter!.columns, wide, activations[config.activation], poolModes[config.pooler]];
    for (const [i, value] of numbers.entries()) view.setUint32(i * 4, value, true);
    view.setFloat32(numbers.length * 4, strength, true);
    model.gpu.upload(memory.generator, view);
  }

  /** The generator of one layer, from its normed input. */
  private makeScales(pass: GPUComputePassEncoder, layer: number): void {
    const { scaling, adapter, model } = this.options;
    if (scaling.kind !== 'adapter' || adapter === null) return;
    const { kernels, spec } = model;
    const groups = this.grown.groups[layer]!;
    pass.setBindGroup(1, adapter.group);
    if (scaling.adapter.config.pooler === 'attention') run(pass, kernels.poolScores, groups.poolScores, this.S);
    run(pass, kernels.pool, groups.pool, Math.ceil(spec.width / 32));
    run(pass, kernels.makeScales, groups.makeScales, Math.ceil(adapter.columns / 128));
  }
}
