import type { ModelSpec } from '@parapet/models/spec';
import { type Binding, HostMemory, type Runtime, type Session, Tensor } from '@parapet/runtime';
import type { DecodeVariant } from '../../graph/decode-graph.ts';
import type { KvStore } from '../../kv/kv-store.ts';
import { argmax } from '../../sampling/sampler.ts';
import type { DecodeRow } from '../device.ts';
import { BatchAdaptations } from './batch-adaptations.ts';
import type { ModelSessions } from './sessions.ts';

/**
 * Buffers and bindings of the decode batch. A binding is made once for a number of rows and a variant; a step only
 * writes numbers into its buffers.
 */
export class DecodeBatch {
  private readonly ids: BigInt64Array;
  private readonly lastPositions: Int32Array;
  private readonly totalLength = new Int32Array(1);
  private readonly logitsMemory: HostMemory;
  /** Each row's likeliest token, where the graph tells it. */
  private readonly likeliest: Int32Array | null;
  readonly adaptations: BatchAdaptations;
  private readonly bindings = new Map<string, Binding>();

  constructor(
    private readonly runtime: Runtime,
    private readonly spec: ModelSpec,
    private readonly sessions: ModelSessions,
    private readonly kv: KvStore,
    maxRows: number,
  ) {
    this.ids = new BigInt64Array(maxRows);
    this.lastPositions = new Int32Array(maxRows);
    this.logitsMemory = new HostMemory(maxRows * spec.vocab * 4);
    this.likeliest = sessions.weights.layout === 'panels' ? new Int32Array(maxRows) : null;
    this.adaptations = new BatchAdaptations(runtime, spec, sessions.weights.layout, maxRows);
  }

  async run(rows: readonly DecodeRow[]): Promise<void> {
    const binding = await this.binding(this.adaptations.variantOf(rows.length), rows.length);
    let longest = 0;
    rows.forEach(({ token, tokens }, row) => {
      this.ids[row] = BigInt(token);
      this.lastPositions[row] = tokens - 1;
      if (tokens > longest) longest = tokens;
    });
    this.totalLength[0] = longest;
    await binding.runAsync();
  }

  logits(row: number): Float32Array {
    return this.logitsMemory.floats(row * this.spec.vocab, this.spec.vocab);
  }

  greedy(row: number): number {
    return this.likeliest === null ? argmax(this.logits(row)) : this.likeliest[row]!;
  }

  release(): void {
    for (const binding of this.bindings.values()) binding.release();
    this.adaptations.release();
    this.logitsMemory.release();
  }

  private async binding(variant: DecodeVariant, rows: number): Promise<Binding> {
    const key = `${variant}-${rows}`;
    const found = this.bindings.get(key);
    if (found !== undefined) return found;
    const { runtime, spec } = this;
    const session = await this.sessions.decode(variant);
    const binding = session.createBinding();
    binding.bindInput('input_ids', Tensor.over(runtime, 'int64', [rows, 1], this.ids.subarray(0, rows)));
    binding.bindInput('last_positions', Tensor.over(runtime, 'int32', [rows], this.lastPositions.subarray(0, rows)));
    binding.bindInput('total_length', Tensor.over(runtime, 'int32', [], this.totalLength));
    for (let layer = 0; layer < spec.layers; layer++) bindCache(session, binding, this.kv, layer, 0, rows);
    this.adaptations.bind(binding, variant, rows);
    binding.bindOutput('logits', Tensor.within(runtime, 'float32', [rows, 1, spec.vocab], this.logitsMemory));
    if (this.likeliest !== null) {
      binding.bindOutput('greedy', Tensor.over(runtime, 'int32', [rows, 1], this.likeliest.subarray(0, rows)));
    }
    this.bindings.set(key, binding);
    return binding;
  }
}

/** Binds a layer's cache of some slots as past, and as present where the graph returns it: written in place. */
export function bindCache(
  session: Session,
  binding: Binding,
  kv: KvStore,
  layer: number,
  firstSlot: number,
  rows: number,
): void {
  const keys = kv.tensor(layer, 0, firstSlot, rows);
  const values = kv.tensor(layer, 1, firstSlot, rows);
  binding.bindInput(`past_key.${layer}`, keys);
  binding.bindInput(`past_value.${layer}`, values);
  if (!session.outputNames.includes(`present_key.${layer}`)) return;
  binding.bindOutput(`present_key.${layer}`, keys);
  binding.bindOutput(`present_value.${layer}`, values);
}
