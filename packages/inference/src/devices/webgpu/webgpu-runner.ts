import type { LoraConfig, ParaConfig } from '@parapet/contracts/adapter';
import type { VectorVariant } from '../../graph/decode-graph.ts';
import type { KvSnapshot } from '../../kv/kv-store.ts';
import { pageTokens, ScalesCodec } from '../cuda/layout.ts';
import type {
  DecodeResult,
  DecodeRow,
  ModelRunner,
  PrefillRun,
  PromptScaling,
  RowScales,
  RunnerOptions,
} from '../device.ts';
import { refuseLora, scalesOf } from '../device.ts';
import { ResidentAdapters } from '../resident-adapters.ts';
import { DecodeStep } from './decode-step.ts';
import type { Gpu } from './gpu.ts';
import { type GpuAdapter, placeGpuAdapter } from './gpu-adapters.ts';
import type { GpuModel } from './gpu-model.ts';
import { uploadGpuWeights } from './gpu-weights.ts';
import { compileKernels } from './kernels.ts';
import { gpuWidths, type StorageType } from './layout.ts';
import { GpuPageCache } from './page-cache.ts';
import { PromptMemory } from './prompt-memory.ts';
import { PromptRun } from './prompt-run.ts';

const adapterBytes = 1e9;

/** Runs a model with weights, cache and scales on a WebGPU device; the host sees tokens. */
export class WebGpuRunner implements ModelRunner {
  readonly vocab: number;
  /** What the scales in each slot are. */
  private readonly slotScales: (RowScales | null)[];
  private readonly codec: ScalesCodec;
  private readonly expanded: Float32Array;

  private constructor(
    private readonly model: GpuModel,
    private readonly cache: GpuPageCache,
    private readonly step: DecodeStep,
    private readonly memory: PromptMemory,
    private readonly adapters: ResidentAdapters<GpuAdapter>,
    /** float32 `[slots, layers, scales]` */
    private readonly scales: GPUBuffer,
    /** float32 `[layers, scales]`, all ones: the base model. */
    private readonly ones: GPUBuffer,
    /** Scales of a slot on their way to another: a copy within one buffer is not allowed. */
    private readonly passing: GPUBuffer,
    slots: number,
  ) {
    this.vocab = model.spec.vocab;
    this.slotScales = new Array<RowScales | null>(slots).fill(null);
    this.codec = new ScalesCodec(model.spec, model.widths);
    this.expanded = new Float32Array(this.codec.length);
  }

  /** Compiles the kernels and puts the model on the device. */
  static async create(
    gpu: Gpu,
    type: StorageType,
    { spec, weights: exported, maxRows, kvTokens }: RunnerOptions,
  ): Promise<WebGpuRunner> {
    const widths = gpuWidths(spec);
    const kernels = await compileKernels(gpu, spec, widths, type);
    const weights = await uploadGpuWeights(gpu, kernels.narrow, spec, exported, type);
    const model: GpuModel = { gpu, spec, widths, kernels, weights, type };
    const runner = await gpu.allocating('the KV cache and the batch', () => {
      // Beside the scheduler's blocks: a prompt that is being moved is there twice, and every row is about to grow.
      const pages = Math.ceil(kvTokens / pageTokens) + 2 * widths.maxPages + maxRows;
      const cache = new GpuPageCache(gpu, spec, widths, type, maxRows, pages);
      const slotNumbers = spec.layers * widths.scales;
      const scales = gpu.buffer('scales', maxRows * slotNumbers * 4);
      const ones = gpu.buffer('ones', slotNumbers * 4);
      const passing = gpu.buffer('scales on their way', slotNumbers * 4);
      gpu.upload(ones, new Float32Array(slotNumbers).fill(1));
      const step = new DecodeStep(model, cache, scales, maxRows);
      const memory = new PromptMemory(model, cache, scales);
      const adapters = new ResidentAdapters(
        spec,
        adapterBytes,
        (adapter) => placeGpuAdapter(model, adapter),
        ({ buffer }) => gpu.free(buffer),
      );
      return new WebGpuRunner(model, cache, step, memory, adapters, scales, ones, passing, maxRows);
    });
    for (let slot = 0; slot < maxRows; slot++) runner.clearScales(slot);
    await gpu.idle();
    return runner;
  }

  async prepare(config: ParaConfig | LoraConfig): Promise<void> {
    refuseLora(config); // for the others every kernel is there from the start
  }

  beginPrefill(slot: number, tokens: readonly number[], scaling: PromptScaling): PrefillRun {
    const { model, cache, memory, codec, scales } = this;
    if (scaling.kind === 'saved') this.setScales(slot, scalesOf(scaling.scales));
    else {
      this.slotScales[slot] = null;
      if (scaling.kind === 'adapter') this.clearScales(slot);
    }
    const adapter = scaling.kind === 'adapter' ? this.adapters.acquire(scaling.adapter) : null;
    const onScales = (made: RowScales) => {
      this.slotScales[slot] = made;
    };
    return new PromptRun({ model, cache, memory, codec, scales, slot, tokens, scaling, adapter, onScales });
  }

  setScales(slot: number, scales: RowScales | null): void {
    const { gpu } = this.model;
    if (scales === null) {
      // Even where the slot counts as the base model's: a prompt that ended early may have left its own.
      this.slotScales[slot] = null;
      this.clearScales(slot);
      return;
    }
    if (this.slotScales[slot] === scales) return;
    const from = this.slotScales.indexOf(scales);
    this.slotScales[slot] = scales;
    const bytes = this.slotBytes;
    if (from >= 0) {
      gpu.submit((encoder) => {
        encoder.copyBufferToBuffer(this.scales, from * bytes, this.passing, 0, bytes);
        encoder.copyBufferToBuffer(this.passing, 0, this.scales, slot * bytes, bytes);
      });
    } else {
      this.codec.expand(scales.variant, scales.numbers, this.expanded);
      gpu.upload(this.scales, this.expanded, slot * bytes);
    }
  }

  copyKv(from: number, to: number, tokens: number): void {
    this.cache.copy(from, to, tokens);
  }

  saveKv(slot: number, tokens: number): KvSnapshot {
    return this.cache.save(slot, tokens);
  }

  restoreKv(slot: number, snapshot: KvSnapshot): void {
    this.cache.restore(slot, snapshot);
  }

  freeSlot(slot: number): void {
    this.cache.release(slot);
  }

  async decode(rows: readonly DecodeRow[]): Promise<DecodeResult> {
    return await this.step.run(rows, this.variantOf(rows.length));
  }

  async close(): Promise<void> {
    this.model.gpu.close();
  }

  private variantOf(rows: number): VectorVariant {
    let variant: VectorVariant = 'base';
    for (let slot = 0; slot < rows; slot++) {
      const scales = this.slotScales[slot]!;
      if (scales?.variant === 'wide') return 'wide';
      if (scales !== null) variant = 'qvu';
    }
    return variant;
  }

  private get slotBytes(): number {
    return this.codec.length * 4;
  }

  private clearScales(slot: number): void {
    const bytes = this.slotBytes;
    this.model.gpu.submit((encoder) => encoder.copyBufferToBuffer(this.ones, 0, this.scales, slot * bytes, bytes));
  }
}
