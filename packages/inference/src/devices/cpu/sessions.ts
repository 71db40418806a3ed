import type { ModelSpec } from '@parapet/models/spec';
import { encodeModel } from '@parapet/onnx-graph/encode';
import type { Graph } from '@parapet/onnx-graph/graph';
import { FileMemory, type Runtime, type Session, type SessionOptions, SharedWeights, Tensor } from '@parapet/runtime';
import { buildDecodeGraph, buildHeadGraph, type DecodeVariant } from '../../graph/decode-graph.ts';
import { buildPrefillGraph, modeKey, type PrefillMode } from '../../graph/prefill-graph.ts';
import type { KvFormat } from '../../kv/kv-format.ts';
import type { ServingWeights } from '../../weights/serving-weights.ts';

/** A prefill session and the layers it runs. */
export interface LayerGroup {
  from: number;
  to: number;
  session: Session;
}

/**
 * The sessions of one model, made when first asked for. All name their weights over one file in memory and share what
 * kernels pack of them: one copy, whatever their number.
 */
export class ModelSessions {
  private readonly file: FileMemory;
  private readonly shared: SharedWeights;
  private readonly made = new Map<string, Promise<Session>>();
  private released = false;

  constructor(
    private readonly runtime: Runtime,
    readonly spec: ModelSpec,
    readonly weights: ServingWeights,
    readonly cache: KvFormat,
    private readonly layersPerGroup: number,
    private readonly options: SessionOptions,
  ) {
    // A step of few rows is bound by reading the weights, which large pages speed up; fp32 is the reference, not for speed.
    this.file = new FileMemory(weights.path, { hugePages: weights.kind !== 'fp32' });
    const tensors = new Map<string, Tensor>();
    for (const [name, entry] of weights.entries) {
      tensors.set(name, Tensor.within(runtime, entry.dtype, entry.shape, this.file, entry.offset));
    }
    this.shared = new SharedWeights(runtime, tensors);
  }

  /** Whether graphs may use our own operators. */
  get hasOwnOperators(): boolean {
    return (this.options.operators ?? []).length > 0;
  }

  decode(variant: DecodeVariant): Promise<Session> {
    return this.session(`decode-${variant}`, () => buildDecodeGraph(this, variant));
  }

  head(): Promise<Session> {
    return this.session('head', () => buildHeadGraph(this));
  }

  /** The groups of layers that prefill a prompt, in order. */
  async prefill(mode: PrefillMode): Promise<LayerGroup[]> {
    const groups: LayerGroup[] = [];
    for (let from = 0; from < this.spec.layers; from += this.layersPerGroup) {
      const to = Math.min(from + this.layersPerGroup, this.spec.layers);
      const key = `prefill-${modeKey(mode)}-${from}`;
      groups.push({ from, to, session: await this.session(key, () => buildPrefillGraph(this, from, to, mode)) });
    }
    return groups;
  }

  /** Waits for the sessions that are being made, then gives all of them back; from the call on none is begun. */
  async release(): Promise<void> {
    this.released = true;
    for (const made of await Promise.allSettled(this.made.values())) {
      if (made.status === 'fulfilled') made.value.release();
    }
    this.shared.release();
    this.file.release();
  }

  private async session(key: string, build: () => Graph): Promise<Session> {
    // One that loaded over a file that is gone would take the process with it.
    if (this.released) throw new Error('The model was released.');
    let session = this.made.get(key);
    if (session === undefined) {
      const model = { bytes: encodeModel(build()), folder: this.weights.folder };
      session = this.runtime.createSessionAsync(model, this.options, this.shared);
      session.catch(() => this.made.delete(key));
      this.made.set(key, session);
    }
    return session;
  }
}
