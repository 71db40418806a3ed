import type { LoraConfig, ParaConfig } from '@parapet/contracts/adapter';
import { type Accelerator, type DeviceType, deviceTypeBytes, int32, pointer } from '@parapet/runtime/accelerator';
import type { VectorVariant } from '../../graph/decode-graph.ts';
import type { KvSnapshot } from '../../kv/kv-store.ts';
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
import { compileDecoder } from './decoder-kernels.ts';
import { type PlacedAdapter, placeAdapter } from './device-adapters.ts';
import { uploadWeights } from './device-weights.ts';
import type { DeviceModel } from './layers.ts';
import { Arena, attentionWarps, pageTokens, ScalesCodec, threads, widthsOf } from './layout.ts';
import { PageCache } from './page-cache.ts';
import { PromptMemory } from './prompt-memory.ts';
import { PromptRun } from './prompt-run.ts';

const adapterBytes = 4e9;

/** Runs a model with weights, cache and scales on an accelerator; the host sees tokens. */
export class CudaRunner implements ModelRunner {
  readonly vocab: number;
  /** What the scales in each slot are. */
  private readonly slotScales: (RowScales | null)[];
  private readonly codec: ScalesCodec;
  private readonly expanded: Float32Array;

  private constructor(
    private readonly model: DeviceModel,
    private readonly cache: PageCache,
    private readonly step: DecodeStep,
    private readonly memory: PromptMemory,
    private readonly adapters: ResidentAdapters<PlacedAdapter>,
    private readonly arena: Arena,
    private readonly scales: bigint,
    private readonly staged: bigint,
    private readonly slots: number,
  ) {
    this.vocab = model.spec.vocab;
    this.slotScales = new Array<RowScales | null>(slots).fill(null);
    this.codec = new ScalesCodec(model.spec, model.widths);
    this.expanded = new Float32Array(this.codec.length);
  }

  /** Puts the model on the accelerator and records the steps of the base model and of the paper's targets. */
  static create(
    accelerator: Accelerator,
    type: DeviceType,
    { spec, weights, maxRows, kvTokens }: RunnerOptions,
  ): CudaRunner {
    const { compiled, kernels } = compileDecoder(accelerator, spec, type);
    const widths = widthsOf(spec);
    const arena = new Arena(accelerator);
    const deviceWeights = uploadWeights(accelerator, compiled, spec, weights, type);
    const model: DeviceModel = {
      ...{ accelerator, kernels, spec, widths, weights: deviceWeights, type },
      attentionWarps: attentionWarps(spec, type),
    };
    // Beside the scheduler's blocks: a prompt that is being moved is there twice, and every row is about to grow.
    const pages = Math.ceil(kvTokens / pageTokens) + 2 * widths.maxPages + maxRows;
    const cache = new PageCache(accelerator, compiled, spec, widths, type, maxRows, pages);
    const scales = arena.take(spec.layers * maxRows * widths.scales * deviceTypeBytes[type]);
    const staged = arena.take(spec.layers * widths.scales * 4);
    const step = new DecodeStep(model, cache, scales, maxRows);
    const memory = new PromptMemory(model);
    const adapters = new ResidentAdapters(
      spec,
      adapterBytes,
      (adapter) => placeAdapter(accelerator, adapter),
      ({ memory }) => accelerator.free(memory),
    );
    const runner = new CudaRunner(model, cache, step, memory, adapters, arena, scales, staged, maxRows);
    for (let slot = 0; slot < maxRows; slot++) runner.store(slot, 0n);
    step.prepare('base');
    step.prepare('qvu');
    return runner;
  }

  async prepare(config: ParaConfig | LoraConfig): Promise<void> {
    refuseLora(config);
    if (config.targets === 'wide') this.step.prepare('wide');
  }

  beginPrefill(slot: number, tokens: readonly number[], scaling: PromptScaling): PrefillRun {
    const { model, cache, memory, codec, scales, slots } = this;
    if (scaling.kind === 'saved') this.setScales(slot, scalesOf(scaling.scales));
    else {
      this.slotScales[slot] = null;
      if (scaling.kind === 'adapter') this.store(slot, 0n);
    }
    const adapter = scaling.kind === 'adapter' ? this.adapters.acquire(scaling.adapter) : null;
    const run = new PromptRun({ model, cache, memory, codec, scales, slots, slot, tokens, scaling, adapter });
    if (scaling.kind !== 'adapter') return run;
    // The scales that the prompt leaves in its slot are known by this object from now on.
    const read = run.scales.bind(run);
    run.scales = () => {
      const made = read();
      this.slotScales[slot] = made;
      return made;
    };
    return run;
  }

  setScales(slot: number, scales: RowScales | null): void {
    if (this.slotScales[slot] === scales) {
      if (scales === null) this.store(slot, 0n);
      return;
    }
    const { accelerator, kernels, spec } = this.model;
    const from = scales === null ? -1 : this.slotScales.indexOf(scales);
    this.slotScales[slot] = scales;
    if (from >= 0) {
      const args = [pointer(this.scales), int32(this.slots), int32(from), int32(slot)];
      accelerator.launch(kernels.copyScales, [this.scaleColumns, spec.layers], threads.any, args);
    } else if (scales === null) {
      this.store(slot, 0n);
    } else {
      this.codec.expand(scales.variant, scales.numbers, this.expanded);
      accelerator.upload(this.staged, this.expanded);
      this.store(slot, this.staged);
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
    this.step.close();
    this.memory.close();
    this.adapters.close();
    this.cache.close();
    this.arena.release();
    this.model.weights.release();
    this.model.accelerator.close();
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

  private get scaleColumns(): number {
    return Math.ceil(this.model.widths.scales / threads.any);
  }

  private store(slot: number, from: bigint): void {
    const { accelerator, kernels, spec } = this.model;
    const args = [pointer(from), pointer(this.scales), int32(this.slots), int32(slot)];
    accelerator.launch(kernels.storeScales, [this.scaleColumns, spec.layers], threads.any, args);
  }
}
