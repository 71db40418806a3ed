import type { ModelSpec } from '@parapet/models/spec';
import { HostMemory, type Runtime, Tensor } from '@parapet/runtime';
import { scaleName } from '../../graph/decode-graph.ts';
import type { PrefillMode } from '../../graph/prefill-graph.ts';
import { adapterFeeds } from '../../graph/prompt-scales.ts';
import { type ScaleLayout, scaleLayout } from '../../graph/row-scales.ts';
import type { KvStore } from '../../kv/kv-store.ts';
import type { PrefillRun, PromptScaling, RowAdaptation } from '../device.ts';
import { bindCache } from './decode-batch.ts';
import { LowRankTable } from './low-rank-table.ts';
import type { LayerGroup, ModelSessions } from './sessions.ts';

/** Positions whose logits are computed at once. */
const logitsChunk = 128;

/** One prompt passing through the layers, a group of layers at a time. */
export class CpuPrefill implements PrefillRun {
  private readonly mode: PrefillMode;
  private readonly layout: ScaleLayout | null;
  /** The row's scales, in or out; null for the base model and LoRA. */
  private readonly numbers: Float32Array | null;
  private readonly shared: Map<string, Tensor>;
  private readonly lowRank: LowRankTable | null = null;
  /**
   * Hidden states `[S, d]` twice: what a layer reads and what it writes. Not the runtime's own buffers: megabytes a layer
   * of those made it collect garbage after every layer, which took as long as the layer.
   */
  private memory: HostMemory | null = null;
  private hidden: Tensor | null = null;
  private done = 0;
  private groups: LayerGroup[] | null = null;

  constructor(
    private readonly runtime: Runtime,
    private readonly spec: ModelSpec,
    private readonly sessions: ModelSessions,
    private readonly kv: KvStore,
    private readonly slot: number,
    private readonly tokens: readonly number[],
    private readonly scaling: PromptScaling,
  ) {
    this.mode = modeOf(scaling);
    const saved = scaling.kind === 'saved' ? scaling.scales : null;
    if (saved?.variant === 'lora') {
      this.lowRank = new LowRankTable(runtime, spec, 1);
      this.lowRank.set(0, saved);
    }
    const known = saved === null || saved.variant === 'lora' ? null : saved;
    const variant = scaling.kind === 'adapter' ? scaling.adapter.config.targets : (known?.variant ?? null);
    this.layout = variant === null ? null : scaleLayout(spec, variant);
    this.numbers = this.layout === null ? null : (known?.numbers ?? new Float32Array(this.layout.length));
    const S = tokens.length;
    this.shared = new Map<string, Tensor>([
      ['last_positions', Tensor.over(runtime, 'int32', [1], Int32Array.of(S - 1))],
      ['total_length', Tensor.over(runtime, 'int32', [], Int32Array.of(S))],
    ]);
  }

  get remainingLayers(): number {
    return this.spec.layers - this.done;
  }

  async advance(layers: number): Promise<void> {
    this.groups ??= await this.sessions.prefill(this.mode);
    const target = Math.min(this.done + Math.max(1, layers), this.spec.layers);
    for (const group of this.groups) {
      if (group.from === this.done && this.done < target) await this.runGroup(group);
    }
  }

  async lastLogits(): Promise<Float32Array> {
    return await this.promptLogits(this.tokens.length - 1, this.tokens.length);
  }

  async promptLogits(from: number, to: number): Promise<Float32Array> {
    const { width, vocab } = this.spec;
    const session = await this.sessions.head();
    const hidden = this.finished().data as Float32Array;
    const logits = new Float32Array((to - from) * vocab);
    for (let at = from; at < to; at += logitsChunk) {
      const rows = Math.min(logitsChunk, to - at);
      const input = Tensor.over(
        this.runtime,
        'float32',
        [rows, width],
        hidden.subarray(at * width, (at + rows) * width),
      );
      const part = logits.subarray((at - from) * vocab, (at - from + rows) * vocab);
      const output = Tensor.over(this.runtime, 'float32', [rows, vocab], part);
      await session.runAsync({ hidden: input }, { logits: output });
      input.release();
      output.release();
    }
    return logits;
  }

  scales(): RowAdaptation | null {
    this.finished();
    if (this.scaling.kind === 'base') return null;
    if (this.scaling.kind === 'saved') return this.scaling.scales;
    return { variant: this.scaling.adapter.config.targets, numbers: this.numbers! };
  }

  release(): void {
    this.hidden?.release();
    this.hidden = null;
    this.memory?.release();
    this.memory = null;
    for (const tensor of this.shared.values()) tensor.release();
    this.shared.clear();
    this.lowRank?.release();
  }

  private finished(): Tensor {
    if (this.remainingLayers > 0 || this.hidden === null) throw new Error('The prompt is not through all layers yet.');
    return this.hidden;
  }

  private async runGroup({ from, to, session }: LayerGroup): Promise<void> {
    const { runtime, spec } = this;
    const S = this.tokens.length;
    const owned: Tensor[] = [];
    const own = (tensor: Tensor): Tensor => {
      owned.push(tensor);
      return tensor;
    };
    const binding = session.createBinding();
    try {
      if (from === 0) {
        binding.bindInput(
          'input_ids',
          own(Tensor.over(runtime, 'int64', [1, S], BigInt64Array.from(this.tokens, BigInt))),
        );
      } else {
        binding.bindInput('hidden', this.hidden!);
      }
      for (const [name, tensor] of this.shared) binding.bindInput(name, tensor);
      this.lowRank?.bind(binding);
      if (this.scaling.kind === 'adapter') {
        for (const [name, tensor] of adapterFeeds(runtime, spec, this.scaling, S, from, to))
          binding.bindInput(name, own(tensor));
      }
      for (let layer = from; layer < to; layer++) bindCache(session, binding, this.kv, layer, this.slot, 1);
      for (const { layer, linear, offset, width } of this.layout?.parts ?? []) {
        if (layer < from || layer >= to) continue;
        const part = this.numbers!.subarray(offset, offset + width);
        const tensor = own(Tensor.over(runtime, 'float32', [1, 1, width], part));
        if (this.scaling.kind === 'adapter') binding.bindOutput(scaleName(layer, linear), tensor);
        else binding.bindInput(scaleName(layer, linear), tensor);
      }
      this.memory ??= new HostMemory(2 * S * spec.width * 4);
      const half = this.hidden?.address === this.memory.address ? 1 : 0;
      const out = Tensor.within(runtime, 'float32', [1, S, spec.width], this.memory, half * S * spec.width * 4);
      binding.bindOutput('hidden_out', out);
      await binding.runAsync().catch((error: unknown) => {
        out.release();
        throw error;
      });
      this.hidden?.release();
      this.hidden = out;
      this.done = to;
    } finally {
      binding.release();
      for (const tensor of owned) tensor.release();
    }
  }
}

function modeOf(scaling: PromptScaling): PrefillMode {
  if (scaling.kind === 'base') return { kind: 'given', variant: 'base' };
  if (scaling.kind === 'saved') {
    return scaling.scales.variant === 'lora' ? { kind: 'lora' } : { kind: 'given', variant: scaling.scales.variant };
  }
  return { kind: 'generated', config: scaling.adapter.config };
}
