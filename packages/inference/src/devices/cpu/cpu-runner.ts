import type { LoraConfig, ParaConfig } from '@parapet/contracts/adapter';
import type { ModelSpec } from '@parapet/models/spec';
import type { Runtime } from '@parapet/runtime';
import type { KvFormat } from '../../kv/kv-format.ts';
import { type KvSnapshot, KvStore } from '../../kv/kv-store.ts';
import type {
  DecodeResult,
  DecodeRow,
  ModelRunner,
  PrefillRun,
  PromptScaling,
  RowAdaptation,
  RunnerOptions,
} from '../device.ts';
import { refuseLora } from '../device.ts';
import { calibrateKv } from './calibrate-kv.ts';
import { CpuPrefill } from './cpu-prefill.ts';
import { DecodeBatch } from './decode-batch.ts';
import type { CpuKernels } from './kernel-library.ts';
import { ModelSessions } from './sessions.ts';

/** Layers of one prefill session: how finely a long prompt can be interleaved with decoding. */
const layersPerGroup = 1;

/** The configuration that jobs have unless told otherwise. */
const usualAdapter: ParaConfig = {
  method: 'para',
  targets: 'qvu',
  bias: false,
  rank: 12,
  pooler: 'mean',
  activation: 'gelu',
};

export class CpuRunner implements ModelRunner {
  readonly vocab: number;
  /** Tokens that each slot holds: what may not be given back. */
  private readonly slotTokens: Int32Array;
  private readonly tokensOf = (slot: number) => this.slotTokens[slot]!;

  private constructor(
    private readonly runtime: Runtime,
    private readonly spec: ModelSpec,
    private readonly sessions: ModelSessions,
    private readonly kv: KvStore,
    private readonly batch: DecodeBatch,
  ) {
    this.vocab = spec.vocab;
    this.slotTokens = new Int32Array(kv.slots);
  }

  /** Loads what every model needs: decoding with the paper's targets, plain prompts, the head. */
  static async create(runtime: Runtime, options: RunnerOptions, kernels: CpuKernels | null): Promise<CpuRunner> {
    const { spec, weights, maxRows, kvTokens, calibration } = options;
    if (spec.headDim % 16 !== 0) {
      throw new Error(
        `The CPU's attention needs heads of a multiple of 16 numbers; this model's have ${spec.headDim}.`,
      );
    }
    if (weights.layout === 'panels' && kernels === null) throw new Error('Weights in panels need our own kernels.');
    const operators = kernels === null ? [] : [kernels.library];
    const quantised = weights.kind !== 'fp32' && calibration !== undefined;
    const cache: KvFormat = quantised
      ? await calibrateKv(runtime, spec, weights, calibration, operators)
      : { type: 'float32' };
    const sessions = new ModelSessions(runtime, spec, weights, cache, layersPerGroup, {
      memoryPattern: false,
      operators,
    });
    const kv = new KvStore(runtime, spec, cache, maxRows, kvTokens);
    const batch = new DecodeBatch(runtime, spec, sessions, kv, maxRows);
    await sessions.decode('base');
    await sessions.decode('qvu');
    await sessions.head();
    await sessions.prefill({ kind: 'given', variant: 'base' });
    const runner = new CpuRunner(runtime, spec, sessions, kv, batch);
    // What the usual adapters need is made meanwhile, so that the first of them loads as fast as any.
    runner.prepare(usualAdapter).catch(() => {}); // whoever needs it meets the error again
    return runner;
  }

  async prepare(config: ParaConfig | LoraConfig): Promise<void> {
    if (config.method === 'lora' && this.sessions.hasOwnOperators) {
      await this.sessions.prefill({ kind: 'lora' });
      await this.sessions.decode('lora');
      return;
    }
    refuseLora(config);
    await this.sessions.prefill({ kind: 'generated', config });
    await this.sessions.prefill({ kind: 'given', variant: config.targets });
    await this.sessions.decode(config.targets);
  }

  beginPrefill(slot: number, tokens: readonly number[], scaling: PromptScaling): PrefillRun {
    this.hold(slot, tokens.length);
    return new CpuPrefill(this.runtime, this.spec, this.sessions, this.kv, slot, tokens, scaling);
  }

  setScales(slot: number, scales: RowAdaptation | null): void {
    this.batch.adaptations.set(slot, scales);
  }

  copyKv(from: number, to: number, tokens: number): void {
    this.hold(to, tokens);
    this.kv.copy(from, to, tokens);
  }

  saveKv(slot: number, tokens: number): KvSnapshot {
    return this.kv.save(slot, tokens);
  }

  restoreKv(slot: number, snapshot: KvSnapshot): void {
    this.hold(slot, snapshot.tokens);
    this.kv.restore(slot, snapshot);
  }

  freeSlot(slot: number): void {
    this.slotTokens[slot] = 0;
  }

  async decode(rows: readonly DecodeRow[]): Promise<DecodeResult> {
    rows.forEach(({ tokens }, slot) => {
      this.hold(slot, tokens);
    });
    const start = performance.now();
    await this.batch.run(rows);
    const micros = Math.round((performance.now() - start) * 1000);
    return { micros, logits: (row) => this.batch.logits(row), greedy: (row) => this.batch.greedy(row) };
  }

  async close(): Promise<void> {
    this.batch.release();
    await this.sessions.release();
    this.kv.release();
  }

  private hold(slot: number, tokens: number): void {
    this.slotTokens[slot] = tokens;
    this.kv.touch(slot, tokens, this.tokensOf);
  }
}
