import type { ParaConfig } from '@parapet/contracts/adapter';
import { deviceTypeBytes, float32, int32, pointer } from '@parapet/runtime/accelerator';
import { type PrefillRun, type PromptScaling, type RowScales, scalesOf, scalesVariant } from '../device.ts';
import type { ResidentAdapter } from '../resident-adapters.ts';
import type { PlacedAdapter } from './device-adapters.ts';
import {
  type DeviceModel,
  multiplyHead,
  runFinalNorm,
  runLayer,
  type ScaleSource,
  scaleSource,
  type Workspace,
} from './layers.ts';
import { type ScalesCodec, threads } from './layout.ts';
import type { PageCache } from './page-cache.ts';
import type { PromptMemory } from './prompt-memory.ts';

const poolModes: Record<ParaConfig['pooler'], number> = { mean: 0, last: 1, max: 2, attention: 3 };
const activations: Record<ParaConfig['activation'], number> = { gelu: 0, silu: 1, rational: 2 };

export interface PromptRunOptions {
  model: DeviceModel;
  cache: PageCache;
  memory: PromptMemory;
  codec: ScalesCodec;
  /** `[layers, slots, scales]` */
  scales: bigint;
  slots: number;
  slot: number;
  tokens: readonly number[];
  scaling: PromptScaling;
  adapter: ResidentAdapter<PlacedAdapter> | null;
}

/** One prompt passing through the layers on the device. Its attention is matrix products over blocks of queries. */
export class PromptRun implements PrefillRun {
  private readonly work: Workspace;
  private readonly source: ScaleSource;
  private done = 0;
  private readonly S: number;

  constructor(private readonly options: PromptRunOptions) {
    const { model, cache, memory, scaling, slot, slots, tokens } = options;
    const { accelerator, kernels, weights } = model;
    this.S = tokens.length;
    memory.reserve(this.S);
    this.work = memory.work;
    cache.hold(slot, this.S);
    accelerator.upload(memory.tokens, Int32Array.from(tokens));
    const args = [pointer(memory.tokens), pointer(weights.embed), pointer(this.work.hidden)];
    accelerator.launch(kernels.embedPrompt, [this.S], threads.any, args);
    const variant = scaling.kind === 'base' ? 'base' : scalesVariant(scaling);
    this.source = scaleSource(model, options.scales, slots, slot, variant, 0);
  }

  get remainingLayers(): number {
    return this.options.model.spec.layers - this.done;
  }

  async advance(layers: number): Promise<void> {
    const { accelerator, spec } = this.options.model;
    const target = Math.min(this.done + Math.max(1, layers), spec.layers);
    for (; this.done < target; this.done++) {
      const layer = this.done;
      runLayer(
        this.options.model,
        this.work,
        this.S,
        layer,
        this.source,
        () => this.attend(layer),
        () => this.makeScales(layer),
      );
    }
    if (this.remainingLayers === 0) runFinalNorm(this.options.model, this.work, this.S, this.source);
    await accelerator.idle();
  }

  async lastLogits(): Promise<Float32Array> {
    return await this.promptLogits(this.S - 1, this.S);
  }

  async promptLogits(from: number, to: number): Promise<Float32Array> {
    this.requireFinished();
    const { model, memory } = this.options;
    const { accelerator, spec, type } = model;
    const logits = new Float32Array((to - from) * spec.vocab);
    for (let at = from; at < to; at += memory.logitRows) {
      const rows = Math.min(memory.logitRows, to - at);
      multiplyHead(model, this.work.normed + BigInt(at * spec.width * deviceTypeBytes[type]), rows, memory.logits);
      const part = logits.subarray((at - from) * spec.vocab, (at - from + rows) * spec.vocab);
      accelerator.download(part, memory.logits);
    }
    return logits;
  }

  scales(): RowScales | null {
    this.requireFinished();
    const { scaling, model, memory, codec } = this.options;
    if (scaling.kind === 'base') return null;
    if (scaling.kind === 'saved') return scalesOf(scaling.scales);
    const kept = new Float32Array(codec.length);
    model.accelerator.download(kept, memory.kept);
    const variant = scalesVariant(scaling);
    return { variant, numbers: codec.pick(variant, kept) };
  }

  release(): void {
    this.options.adapter?.release();
  }

  private requireFinished(): void {
    if (this.remainingLayers > 0) throw new Error('The prompt is not through all layers yet.');
  }

  /** The generator of one layer, from its normed input. */
  private makeScales(layer: number): void {
    const { scaling, adapter, model, memory } = this.options;
    if (scaling.kind !== 'adapter' || adapter === null) return;
    const { accelerator, kernels, spec, widths } = model;
    const { config } = scaling.adapter;
    const tensors = adapter.layers[layer]!;
    if (config.pooler === 'attention') {
      const args = [pointer(this.work.normed), pointer(tensors.pool), pointer(memory.poolScores)];
      accelerator.launch(kernels.poolScores, [this.S], 32, args);
    }
    accelerator.launch(kernels.pool, [Math.ceil(spec.width / 32)], threads.pool, [
      ...[pointer(this.work.normed), int32(this.S), int32(poolModes[config.pooler])],
      ...[pointer(memory.poolScores), pointer(memory.pooled)],
    ]);
    accelerator.launch(kernels.makeScales, [Math.ceil(adapter.columns / threads.any)], threads.any, [
      ...[pointer(memory.pooled), pointer(tensors.down), pointer(tensors.up), pointer(tensors.bias)],
      ...[
        pointer(tensors.rational),
        int32(config.rank),
        int32(adapter.columns),
        int32(config.targets === 'wide' ? 1 : 0),
      ],
      ...[int32(activations[config.activation]), float32(scaling.strength)],
      pointer(this.source.at(layer, 'qkv')), // a layer's scales begin with those of qkv
      pointer(memory.kept + BigInt(layer * widths.scales * 4)),
    ]);
  }

  /** Scales and rotates q and k, fills the cache, and attends causally. */
  private attend(layer: number): void {
    const { S, work } = this;
    const { model, cache, memory, slot } = this.options;
    const { accelerator, kernels, spec, widths, weights, type } = model;
    accelerator.launch(kernels.placePrompt, [S], threads.any, [
      ...[pointer(work.qkv), pointer(this.source.at(layer, 'qkv')), pointer(weights.cos), pointer(weights.sin)],
      ...[pointer(cache.table(slot)), pointer(cache.keys(layer)), pointer(cache.values(layer)), pointer(memory.spread)],
    ]);
    const bytes = deviceTypeBytes[type];
    const at = (base: bigint, elements: number) => base + BigInt(elements * bytes);
    const spreadPitch = 2 * widths.q;
    for (let first = 0; first < S; first += memory.queries) {
      const queries = Math.min(memory.queries, S - first);
      const seen = first + queries;
      const stride = Math.ceil(seen / 8) * 8;
      const batch = { count: spec.heads, strideA: spec.headDim, strideB: spec.headDim, strideC: queries * stride };
      accelerator.multiply({
        ...{ m: queries, n: seen, k: spec.headDim, alpha: 1 / Math.sqrt(spec.headDim), type, typeC: 'float32', batch },
        ...{ a: at(work.qkv, first * widths.qkv), pitchA: widths.qkv },
        ...{ b: memory.spread, pitchB: spreadPitch, transposed: true, c: memory.scores, pitchC: stride },
      });
      accelerator.launch(kernels.causalSoftmax, [queries, spec.heads], threads.any, [
        ...[pointer(memory.scores), pointer(memory.probabilities), int32(first), int32(seen), int32(stride)],
      ]);
      accelerator.multiply({
        ...{ m: queries, n: spec.headDim, k: seen, type, typeC: type, a: memory.probabilities, pitchA: stride },
        ...{ b: at(memory.spread, widths.q), pitchB: spreadPitch },
        ...{ c: at(work.attended, first * widths.q), pitchC: widths.q },
        batch: { ...batch, strideA: queries * stride, strideC: spec.headDim },
      });
    }
  }
}
